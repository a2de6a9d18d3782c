//! Record (feed to archive) and load (archive to store).

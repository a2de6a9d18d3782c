//! The written forms: our JSON lines and the Python system's, to and from the model.

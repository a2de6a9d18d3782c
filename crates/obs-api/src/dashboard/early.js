// Before anything is drawn: the theme and the language that were chosen here before. A browser without storage gets the defaults.
(() => {
  const remembered = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null;
    }
  };
  const root = document.documentElement;
  root.dataset.theme = remembered("observer.theme") ?? "auto";
  root.lang = remembered("observer.language") ?? (navigator.language.startsWith("ko") ? "ko" : "en");
})();

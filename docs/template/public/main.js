export default {
  // The language of a block is the one that it names: output is not coloured by guess.
  configureHljs: hljs => hljs.configure({ languages: [] }),

  // Long names in tables go on in the next line at their dots, underscores and capitals.
  start: () => {
    for (const code of document.querySelectorAll('td code')) {
      if (code.children.length === 0) {
        code.innerHTML = code.innerHTML.replace(/([a-z0-9])(?=[A-Z])|[._](?=\w)/g, '$&<wbr>')
      }
    }
  },
}

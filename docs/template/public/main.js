export default {
  // The language of a block is the one that it names: output is not coloured by guess.
  configureHljs: hljs => hljs.configure({ languages: [] }),
}

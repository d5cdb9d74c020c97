// The package's own worker as a module of ours: bundlers start only workers that they have seen as a source file.
import 'monaco-yaml/yaml.worker.js'

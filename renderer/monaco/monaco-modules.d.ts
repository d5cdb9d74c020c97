declare module 'monaco-editor/features/*'
declare module 'monaco-editor/languages/*'
declare module 'monaco-editor/editor/editor.worker.js'
declare module 'monaco-yaml/yaml.worker.js'

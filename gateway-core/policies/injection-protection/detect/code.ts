import { byScore, firstOf, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'
import { isMentioned } from './prose.ts'

/** Code of server languages and their serialized objects: PHP, Java and its expression languages, Node.js, Python, Ruby, Perl. */
export function detectCode(text: string, traits: number): Finding | undefined {
  if (
    (traits &
      (trait.parenthesis |
        trait.dot |
        trait.colon |
        trait.brace |
        trait.angle |
        trait.control |
        trait.dollar |
        trait.bracket)) ===
      0 &&
    !text.includes('__proto__') &&
    !/^(?:rO0|AAEAAAD|gAS[UV])/.test(text)
  )
    return undefined
  const found = firstOf('code', rules, text)
  // Only code that is all of a text is run by an interpreter; these rules also fit the mention of a function.
  return found && mentionable.has(found.rule) && isMentioned(text, found.start, found.end)
    ? { ...found, score: 4 }
    : found
}

const mentionable = new Set([
  'Node.js',
  'Node.js file or process',
  'PHP function called',
  'PHP function as the whole value',
  'Python',
  'function of script',
  'endless loop',
])

const php =
  'shell_exec|passthru|popen|proc_open|pcntl_exec|assert_options|create_function|call_user_func(?:_array)?|preg_replace_callback|phpinfo|phpversion|php_uname|base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|convert_uudecode|file_get_contents|file_put_contents|file_exists|fopen|fsockopen|fputs|fwrite|readfile|highlight_file|show_source|move_uploaded_file|unserialize|parse_str|putenv|getenv|ini_set|ini_get|ini_restore|get_defined_\\w+|get_loaded_extensions|get_cfg_var|get_current_user|getcwd|scandir|opendir|mkdir|rmdir|unlink|chmod|chown|symlink|tempnam|tmpfile|curl_exec|curl_init|mysql_query|mysqli_query|pg_query|sqlite_query|posix_\\w+|array_map|array_filter|array_walk|usort|uasort|uksort|register_shutdown_function|set_error_handler|ob_start|is_callable|session_start|intval|hex2bin|bin2hex|strrev|substr|strip_tags|printf|sprintf|is_array|is_string|is_file|is_dir|bzdecompress|pfsockopen|filegroup|fileowner|fileperms|fgets|fread|stream_\\w+|array_\\w+|str_replace|preg_\\w+|func_get_args|gz\\w+|error_log|error_reporting|zlib_decode|imagecreatefrom\\w+|simplexml_load_\\w+|func_get_args?|debug_backtrace|var_dump|print_r|chr|dl'
/** Functions whose names are words: a file is called `Copy (2)`, a country `System (old)`. */
const phpWords = 'copy|include(?:_once)?|require(?:_once)?|extract|mail|pack|unpack|glob|file|system|exec|assert|eval'
const phpComment = String.raw`(?:/\*[^*]{0,40}\*/|(?://|#)[^\n]{0,40}\n)`
/** Between a name and its parenthesis PHP takes white space and comments; after the name of a word only what an argument begins with. */
const phpCall = (names: string, words: string): string =>
  String.raw`(?:(?:${names})(?:\s|${phpComment}){0,6}\(|(?:${words})(?:\(|\s{0,6}${phpComment}(?:\s|${phpComment}){0,6}\(|\s{1,6}\(\s{0,4}(?:["'$\x60]|\w{1,40}\()))`
const phpSure =
  /^(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|assert|eval|create_function|call_user_func|phpinfo|phpversion|php_uname|base64_decode|gzinflate|gzuncompress|str_rot13|file_get_contents|file_put_contents|fopen|fsockopen|readfile|highlight_file|show_source|unserialize|ini_set|get_defined_|getenv|scandir|curl_exec|move_uploaded|posix_|include|require)/

function sureOf(names: string): string {
  return names
    .split('|')
    .filter((name) => phpSure.test(name))
    .join('|')
}

const rules = byScore([
  { rule: 'variable of PHP', score: 6, pattern: /\$_(?:GET|POST|REQUEST|SERVER|COOKIE|FILES|SESSION|ENV)\b/ },
  {
    rule: 'object of YAML',
    score: 8,
    pattern:
      /!!?(?:python\/(?:object|module|name|tuple)|ruby\/(?:object|hash|struct|class)|javax?\.\w|com\.sun\.|org\.\w{1,30}\.|!java)/,
  },
  {
    rule: 'serialized object',
    score: 8,
    pattern:
      /^(?:AAEAAAD\/{4}|gAS[UV][A-Za-z0-9+/]{2,}A|[\u0080][^\w\s])|^c(?:__builtin__|builtins|subprocess|os|posix)\n\w/,
  },
  { rule: 'PHP tag', score: 8, pattern: /<\?(?:php\b|=)|<%\s*(?:@|=|eval|execute|response\.)/i },
  {
    rule: 'PHP function called',
    score: 7,
    pattern: new RegExp(String.raw`(?:^|[^\w.>:$-])${phpCall(sureOf(php), sureOf(phpWords))}`, 'i'),
  },
  {
    rule: 'PHP function as the whole value',
    score: 6,
    pattern: new RegExp(
      String.raw`^[\s;'"(]{0,4}(?:(?:${php})(?:\s|${phpComment}){0,6}\([^)]{0,200}|(?:${phpWords})(?:\(\s{0,4}(?:["'$][^)]{0,200})?|(?:\s|${phpComment}){1,6}\((?:\s{0,4}["'$][^)]{0,200})?))\)?[\s;)]{0,4}$`,
      'i',
    ),
  },
  {
    rule: 'PHP function as a string',
    score: 8,
    pattern:
      /\(\s*['"]?\s*(?:system|exec|passthru|shell_exec|phpinfo|eval|assert)\s*['"]?\s*\)\s*\(|['"](?:system|exec|passthru|shell_exec|phpinfo|eval|assert)\s*['"]\s*\(|['"](?:sys|ex|pass|sh)\w{0,6}['"]\s*\.\s*['"]\w+['"]/i,
  },
  {
    rule: 'PHP variable',
    score: 7,
    pattern:
      /\$_(?:get|post|request|server|cookie|files|session|env)\s*(?:\[|\{)|\$globals\s*\[|\$http_(?:raw_post_data|\w+_vars)|\$\{?\$\w+\s*[({]|\$\w{1,20}\s*\(\s*\$/i,
  },
  {
    rule: 'PHP stream',
    score: 8,
    pattern: /\b(?:php|phar|expect|zip|zlib|glob|ogg|rar|compress\.\w+|ssh2\.\w+):\/\/\S/i,
  },
  {
    rule: 'serialized PHP object',
    score: 8,
    pattern: /(?:^|[;{"|=])[OC]:\d{1,6}:"[\w\\]{1,100}":\d+:\{|^a:\d{1,6}:\{[is]:\d/,
  },
  {
    rule: 'Java class',
    score: 8,
    pattern:
      /\bjava\.(?:lang\.)?(?:runtime|processbuilder|reflect|classloader|system|string\b\W{0,3}runtime|thread)\b|\bjava\.(?:io\.\w*(?:file|stream|reader|writer)|net\.(?:url|socket)|util\.scanner|beans|rmi|nio\.file)|\bjavax\.(?:script|naming|el|management)/i,
  },
  {
    rule: 'Java class',
    score: 7,
    pattern:
      /\b(?:getruntime|processbuilder|scriptenginemanager|classloader|invokeexact|methodhandles|unmarshaller|getdeclaredconstructor|forname)\b\s*[(.]?|\bcom\.(?:opensymphony\.xwork2|sun\.(?:rowset|jndi|org)|mchange|caucho|alibaba\.fastjson|atomikos)|\borg\.(?:apache\.(?:commons\.(?:collections|beanutils|fileupload)|xalan|struts2?|wicket|xbean|bcel|catalina)|springframework\.(?:context|beans|expression|util\.serialization)|codehaus\.groovy|jboss|mozilla\.javascript)|\bnet\.sf\.json/i,
  },
  {
    rule: 'expression language',
    score: 8,
    pattern:
      /[%$#*@]\{\s*\(?\s*(?:#|@|new\s|T\()|#(?:_memberaccess|context|parameters|application|request|session|attr|res|cmd|rt)\b\s*[[.=(]|@java\.|(?:^|[?&(])class\.module\.classloader|\bclass\.(?:module\.)?classloader\b|@\w+(?:\.\w+){1,8}@\w+/i,
  },
  {
    rule: 'serialized Java object',
    score: 9,
    pattern: /^(?:rO0AB[XQ]|KztAAU|Cs7QAF|H4sIAAAAAAAA[\w/+]{0,8}rO0)|\u00AC\u00ED/,
  },
  {
    rule: 'Node.js',
    score: 8,
    pattern:
      /\brequire\s*\(\s*["'`](?:node:)?(?:child_process|fs|vm|os|http|net|util|module|repl|cluster|inspector|process|path|dns)["'`]|\bprocess\s*\.\s*(?:env|mainmodule|binding|exit|kill|cwd|platform|dlopen|stdout|stderr|argv|version)|\bchild_process\b|_\$\$nd_func\$\$_|\bmodule\s*\.\s*(?:exports|constructor|paths)|\bglobal\s*\.\s*process|this\s*\.\s*constructor\s*\.\s*constructor|\.constructor\s*\(\s*["'`]|\bimport\s*\(\s*["'`](?:node:)?\w/i,
  },
  { rule: 'prototype changed', score: 8, pattern: /__proto__\b|\bconstructor\s*(?:\.|\]?\s*\[\s*["']?)\s*prototype\b/ },
  {
    rule: 'endless loop',
    score: 7,
    pattern:
      /\bwhile\s*\(\s*new\s|\b(?:while|for)\s*\(\s*(?:!{0,3}-?\s*(?:true|this|infinity|[01]|\[\]|\{\}|''|""|``|null|undefined|\w{1,8})\s*\)|\(\s*(?:true|[01])|;\s*;|!)/i,
  },
  {
    rule: 'Node.js file or process',
    score: 7,
    pattern:
      /\b(?:exec|spawn|execfile|fork)(?:sync)?\s*\(\s*["'`]|\b(?:readfile|writefile|readdir|unlink|createreadstream)(?:sync)?\s*\(/i,
  },
  {
    rule: 'Python',
    score: 8,
    pattern:
      /__(?:import|class|globals|builtins|subclasses|mro|base|bases|init|reduce|getattribute|code|dict)__|\bos\s*\.\s*(?:system|popen|exec\w{0,3}|spawn\w{0,3})\s*\(|\bsubprocess\s*\.\s*\w|\b(?:exec|eval|compile)\s*\(\s*(?:["'`]|compile|open|input)|\bpickle\s*\.\s*loads|\bc(?:os|posix|nt)\nsystem\n/i,
  },
  {
    rule: 'Ruby',
    score: 7,
    pattern:
      /\b(?:kernel|io|process|open3|pty|file|dir)\s*(?:\.|::)\s*(?:exec|popen\d?|spawn|system|open|read|fork|binread|readlines|write|syscall)\b|%x[{([|/]|\bobject\s*\.\s*send\b|\binstance_eval\b|\bmarshal\s*\.\s*load/i,
  },
  { rule: 'Perl', score: 8, pattern: /@\{\s*\[\s*(?:system|exec|qx|open|`)|\bqx\s*[/({|]/ },
  {
    rule: 'server-side request',
    score: 7,
    pattern:
      /\b169\.254\.169\.254\b|\bmetadata\.(?:google\.internal|packet\.net|oraclecloud|azure)|\b100\.100\.100\.200\b|\b(?:instance-data|fd00:ec2::254)\b|\/latest\/(?:meta-data|user-data)\b|\/computemetadata\/v1/i,
  },
  { rule: 'function of script', score: 5, pattern: /\bfunction\s*\w{0,20}\s*\([^)]{0,60}\)\s*\{/ },
  {
    rule: 'Node.js',
    score: 7,
    pattern:
      /\b(?:process|require|global|module|console)\s*\[\s*["'`\w]|\bconsole\s*\.\s*(?:log|info|error|debug|warn)\s*(?:\.\s*\w+\s*)?\([^"'`]|this\.constructor\b|\bconstructor\s*:\s*constructor\b|__js_function/,
  },
  {
    rule: 'template literal of a server',
    score: 6,
    pattern: /^\s{0,4}["']?\s{0,4}\+\s{0,4}(?:require|process|global)\b/,
  },
])

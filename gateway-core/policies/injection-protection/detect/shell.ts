import { byScore, firstOf, stronger, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'
import { CodeInProse, isTable } from './prose.ts'

/** Programs that hardly occur in honest text beside a separator. */
const strong = new Set(
  'cat wget curl bash nc ncat netcat whoami uname ifconfig ipconfig ping ping6 nslookup perl python python2 python3 php ruby powershell pwsh cmd chmod chown rm passwd systeminfo netstat tasklist wmic certutil nohup telnet ssh scp sftp tftp socat base64 xxd ls ps lsof sh zsh ksh csh dash ash tcsh fish busybox node lua gcc awk gawk sed grep egrep fgrep xargs tee printenv crontab useradd adduser usermod groupadd sudo su mkfifo mknod rundll32 regsvr32 bitsadmin mshta cscript wscript schtasks reg net1 arp route tracert traceroute dig getent hostname dir printf mkdir rmdir touch mv cp tar gzip gunzip bzip2 zcat unzip dd df du iptables systemctl service killall pkill shutdown reboot strace gdb vi vim nano ed tac nl od hexdump strings rev iwr iex invoke-expression invoke-webrequest start-process new-object invoke-wmimethod iwmi cmd.exe powershell.exe net.exe whoami.exe phpinfo system exec passthru lynx fetch ftp rlogin rsync screen tmux nmap git svn htop lastlog aptitude apt-get dpkg pacman lsb_release sysctl lsmod lspci lsusb dmesg uptime vmstat ipcs getfacl setfacl chattr lsattr pgrep pstree ltrace truncate mktemp readlink realpath basename dirname nproc tput stty tset logname groupmod passwd chpasswd visudo ansible ansible-playbook chef-client puppet cscli terraform sysinfo netsh mysql psql sqlite3 openssl docker kubectl setenv expect'.split(
    ' ',
  ),
)
/** Programs whose names are also words: they need an argument that looks like one, or nothing after them. */
const wordlike = new Set(
  'id type echo net sleep find sort head tail more less set export kill date time env test which who w last at cut tr uniq wc read source eval alias bind command let local trap unset wait jobs fg bg exit return function select until while for if do done case copy del erase move ren start call goto pause title ver vol path prompt color assoc attrib chdir cd cls comp fc format label mode print subst tree xcopy help history users groups timeout install make man mail host apt yum open stat file link join split paste fold look yes seq diff patch top watch dump run'.split(
    ' ',
  ),
)

/** Programs whose names are also those of products and languages, seen beside signs in honest text. */
const products = new Set(
  'python perl php ruby node lua docker git ssh ftp telnet fish bash sh zsh base64 strings service services expect fetch screen puppet ansible terraform nano ed rev tee dig touch start svn mysql psql openssl kubectl ls w'.split(
    ' ',
  ),
)
/** Programs that run the program named after them. */
const launchers = new Set('busybox sudo nohup xargs env time strace setsid timeout exec command nice'.split(' '))

/**
 * Command injection: what a shell would take for a new command (after `;`, `|`, `&`, a line break, inside `$(…)` or
 * backticks) is read as a command name, its quoting and escapes undone, and counts when it is a program with something
 * like arguments. Values that are a command line from their first word on count too.
 */
export function detectCommand(text: string, traits: number): Finding | undefined {
  const signed =
    traits &
    (trait.slash |
      trait.dollar |
      trait.separator |
      trait.parenthesis |
      trait.percent |
      trait.dash |
      trait.brace |
      trait.backslash |
      trait.bang)
  let found = signed ? firstOf('command', signs, text) : undefined
  found = stronger(found, firstOf('command', plainSigns, text))
  if (traits & (trait.percent | trait.equals)) found = stronger(found, firstOf('command', batch, text))
  if (found && found.score >= 8) return found
  if (traits & (trait.separator | trait.control) || (traits & trait.dollar && traits & trait.parenthesis))
    found = stronger(found, separated(text))
  if (traits & (trait.space | trait.control) || traits & trait.separator) found = stronger(found, wholeLine(text))
  return found
}

function separated(text: string): Finding | undefined {
  let found: Finding | undefined
  let code: CodeInProse | undefined
  if (text.includes('|') && isTable(text)) text = text.replaceAll('|', ' ')
  if (/^[\w ]+(?:[;|][\w ]+){2,}$/.test(text) && isList(text)) return undefined
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!
    let from = -1
    let kind = ''
    if (character === ';' || character === '|' || character === '&' || character === '\n') {
      from = at + 1
      kind = character
      while (text[from] === '|' || text[from] === '&' || text[from] === ';') kind += text[from++]
    } else if (character === '`') {
      from = at + 1
      kind = '`'
    } else if ((character === '$' || character === '<' || character === '>') && text[at + 1] === '(') {
      from = at + 2
      kind = '$('
    }
    if (from < 0) continue
    const here = commandAt(text, at, from, kind)
    if (here && text.includes('`')) code ??= new CodeInProse(text)
    if (!code?.holds(at, wordlike)) found = stronger(found, here)
    if (found && found.score >= 8) return found
    at = from - 1
  }
  return found
}

const leading = new Set([' ', '\t', '\n', '\r', '(', '{', '!'])

/** Reads one command that begins at `from`; `kind` is what separates it from what stands before. */
function commandAt(text: string, start: number, from: number, kind: string): Finding | undefined {
  let at = from
  while (at - from < 40 && leading.has(text[at] ?? '')) at += 1
  const wordStart = at
  while (at < text.length && at - wordStart < 80 && /[^\s;|&()<>`,=]/.test(text[at]!)) at += 1
  const raw = text.slice(wordStart, at)
  const name = programOf(raw)
  if (name === '') return undefined
  const isStrong = strong.has(name)
  if (!isStrong && !wordlike.has(name)) return undefined
  const rest = text.slice(at, at + 120)
  const spaced = /\s/.test(text[from] ?? '') && !kind.includes('\n')
  const followed = followUp(rest, kind, !isStrong, name)
  if (
    rest.startsWith('=') ||
    (rest.startsWith('(') && !/^(?:system|exec|passthru|phpinfo|eval|print|sleep)$/.test(name))
  )
    return undefined
  let score = 0
  if (name === 'net' && windowsNet.test(rest)) score = 8
  else if (isNamed(text, start, raw, name, kind, spaced) && followed !== 'argument') score = 3
  else if (isStrong) score = followed === 'prose' ? 3 : followed === 'none' && spaced && kind === '&' ? 5 : 8
  else if (followed === 'argument') score = kind === '&' || kind === '\n' ? 6 : 7
  else if (followed === 'none') score = kind === '&' && !spaced && start > 0 ? 4 : 6
  if (kind === '\n' && score > 0 && text.length > 64) score -= 3
  if (/^\W*$/.test(text.slice(0, start)) && kind === ';' && score === 6) score = 7
  if (kind === '`' && text.indexOf('`', from) < 0) score = Math.min(score, 4)
  else if (kind === '`') score = Math.min(score, 6)
  return score > 0
    ? { class: 'command', rule: `command after ${nameOf(kind)}`, score, start, end: Math.min(at + 40, text.length) }
    : undefined
}

/** `Tom & Touch`, `Java | Python`: names set side by side, not a command. */
function isNamed(text: string, start: number, raw: string, name: string, kind: string, spaced: boolean): boolean {
  if (!spaced || (kind !== '&' && kind !== '|') || !/\p{L}\s$/u.test(text.slice(Math.max(0, start - 2), start)))
    return false
  return products.has(name) || (wordlike.has(name) && (kind === '&' || /^[A-Z][a-z]+$/.test(raw)))
}

/** `id; name; date`: words in a row, none of them surely a program. */
function isList(text: string): boolean {
  return text.split(/[;|]/).every((part) => !strong.has(programOf(part.trim())) || products.has(programOf(part.trim())))
}

function nameOf(kind: string): string {
  return kind === '\n' ? 'a line break' : kind === '$(' ? '$(' : kind
}

/** Name of the program without path, quotes, backslashes and empty expansions that shells drop. */
function programOf(raw: string): string {
  const bare = raw
    .replaceAll(/["'\\^]|\$@|\$\*|\$\{\w{0,3}\}|\$[1-9]/g, '')
    .replace(/\$\{?IFS\b.*$/, '')
    .toLowerCase()
  return bare.slice(Math.max(bare.lastIndexOf('/'), bare.lastIndexOf('\\')) + 1).replace(/[?*[\]]+/g, '')
}

/** Whether what follows a name looks like arguments, like prose, or is nothing. */
function followUp(rest: string, kind: string, wordlikeName: boolean, name: string): 'argument' | 'prose' | 'none' {
  const after = rest.replace(/^\$\{?IFS\}?/, ' ')
  if (/^\s*(?:$|[;|&)`>'"}<\n]|%0a|--|#)/.test(after) || (kind === '`' && after.startsWith('`'))) return 'none'
  if (
    /^\s*(?:-{1,2}\w|\/[\w.?*]|~\/|\.{1,2}\/|\$|["'`]|%\w|https?:|ftp:|[A-Za-z]:\\|\d|\*|\{|\\|<|>|\/[a-z]\b)/i.test(
      after,
    )
  )
    return 'argument'
  if (launchers.has(name) && isProgram(/^\s+([\w.-]+)/.exec(after)?.[1] ?? '')) return 'argument'
  if (!wordlikeName && /^\s+[\w.-]+\s*(?:$|[;|&`)'"<>])/.test(after)) return 'argument'
  if (/^\s+\S*[/\\=]\S/.test(after) || /^\s+\w+\s+(?:-|\/)/.test(after)) return 'argument'
  return 'prose'
}

function isProgram(word: string): boolean {
  return strong.has(word) || wordlike.has(word)
}

/** A value that is a command line as a whole. */
function wholeLine(text: string): Finding | undefined {
  const found = commandLine.exec(text)
  if (!found) return undefined
  const name = programOf(found[1]!)
  const rest = found[2]!
  const known = strong.has(name) || wordlike.has(name)
  if (!known) return undefined
  const flagged =
    /^\s+(?:-{1,2}[a-z]|\/[a-z]\b|\/(?:etc|bin|usr|var|tmp|proc|home|root|dev)\b|[a-z]:\\|\$|https?:\/\/\S+\s*$|\d{1,3}(?:\.\d{1,3}){3}|\.\.\/)/i.test(
      rest,
    )
  const pair =
    (name === 'net' && windowsNet.test(rest)) ||
    (name === 'netsh' && /^\s+(?:firewall|advfirewall|interface|wlan)\s/i.test(rest)) ||
    (name === 'reg' && /^\s+(?:add|query|delete|save|export)\s/i.test(rest)) ||
    (name === 'ipconfig' && /^\s+\//.test(rest))
  const delay = name === 'sleep' && /^\s+\d{1,4}[smh]?\s*[;&|]?$/.test(rest)
  const probe = name === 'which' && strong.has(rest.trim().toLowerCase())
  if (
    !(strong.has(name) && flagged) &&
    !pair &&
    !delay &&
    !probe &&
    !(wordlike.has(name) && /^\s+(?:[a-z]:\\|-\w\s|\/(?:etc|bin|proc)\/)/i.test(rest))
  )
    return undefined
  return {
    class: 'command',
    rule: 'command line',
    score: delay || probe ? 5 : 6,
    start: found.index,
    end: found[0].length,
  }
}
const windowsNet = /^\s+(?:user|users|localgroup|group|view|share|start|stop|use|accounts|session|config|time)\b/i
const commandLine = /^\s*["'({]{0,3}((?:\/[\w.]{1,20}){0,4}\/?[\w.'"\\-]{1,40})(\s[^\n]{0,300})/

const programs =
  'sh|bash|zsh|ksh|csh|dash|tcsh|id|cat|ls|ps|nc|ncat|netcat|wget|curl|ping|echo|uname|whoami|perl|python\\d?|php|ruby|rm|cp|mv|chmod|kill|env|find|grep|more|less|head|tail|nslookup|telnet|tftp|sleep|touch|mail|dir|awk|sed|vi|ed|gcc|cc|date|who|hostname|ifconfig|netstat|su|sudo|mount|base64|xxd|nl|tac|rev|strings|od|dd|tee|busybox|lua|node|socat|ssh|ftp|lynx|crontab|printenv|w|last|pwd'
const signs = byScore([
  {
    rule: 'option that runs a program',
    score: 7,
    pattern:
      /(?:^|\s)-{1,2}(?:upload-pack|receive-pack|use-askpass|checkpoint-action|to-command|use-compress-program|rsh-command|oProxyCommand|oLocalCommand|open-files-in-pager|post-file|sh-exec)\s?=|(?:^|\s)-exec(?:dir)?\s+\S[^;]{0,100}[;+]/,
  },
  {
    rule: 'alias avoided',
    score: 6,
    pattern: /^\\(?:ls|cat|rm|nc|wget|curl|bash|sh|python|perl|whoami|uname|ps)(?:\s|$)/,
  },
  { rule: 'event of the history', score: 6, pattern: /^\s{0,4}!-\d/ },
  { rule: 'network device of the shell', score: 9, pattern: /\/dev\/(?:tcp|udp)\// },
  { rule: 'field separator as a space', score: 9, pattern: /\$\{?IFS\b/ },
  {
    rule: 'function definition in the environment',
    score: 10,
    pattern: /(?:^|[^\w$)>]\s{0,2})\(\)\s*\{\s*[:_\w]?[^}]{0,20};?\s*\}\s*;?|^\(\)\s{0,4}\{/,
  },
  {
    rule: 'interactive shell',
    score: 9,
    pattern:
      /\b(?:bash|sh|zsh|ksh)\s+-i\b|\bnc(?:at)?(?:\s+-\w{1,8}){0,4}\s+-[a-z]{0,4}e\b|\bnc(?:at)?\s+-l[vnp]{1,4}\b/,
  },
  {
    rule: 'program in a system folder',
    score: 7,
    pattern: new RegExp(String.raw`/(?:usr/(?:local/)?)?s?bin/(?:${programs})(?![\w./-])`),
  },
  {
    rule: 'hidden program in a system folder',
    score: 8,
    pattern:
      /(?:^|[\s;|&`(=])\/(?:[binusretc?*]{1,4}[?*][binusretc?*]{0,4})\/[\w?*]{1,12}|\/(?:usr\/)?s?bin\/(?:[\w/]{0,12}[?*][\w?*]{0,12}|\w{0,8}['"\\[]\w{1,8}['"\]]?\w{0,8})/,
  },
  {
    rule: 'script on the command line',
    score: 8,
    pattern:
      /\b(?:perl|ruby|lua)\s+-[a-z]{0,3}e\b|\b(?:python\d?(?:\.\d)?|php|bash|sh|zsh|ksh|node)\s+-[a-z]{0,3}[ecr]\s+\S/i,
  },
  {
    rule: 'command interpreter of Windows',
    score: 8,
    pattern:
      /(?:\bcmd(?:\.exe)?|%comspec%)\s{0,4}\/[ckr]\b|\bpowershell(?:\.exe)?\s{1,4}-|\\(?:system32|syswow64)\\\w{1,20}\.(?:exe|dll|cpl)|\bwmic\s+(?:process|os|user|\/)/i,
  },
  {
    rule: 'PowerShell',
    score: 8,
    pattern:
      /\b(?:invoke-(?:expression|webrequest|restmethod|command|wmimethod|cimmethod|item|mimikatz)|start-process|downloadstring\s*\(|downloadfile\s*\(|frombase64string\s*\(|new-object\s+(?:system\.)?net\.|get-(?:wmiobject|ciminstance|childitem|content|process|service)\s|set-executionpolicy|-encodedcommand\b|add-type\s+-)/i,
  },
  { rule: 'PowerShell', score: 7, pattern: /(?:^|[;|&\s(])(?:iex|iwr|irm|iwmi)\s*(?:\(|\$|-\w|["'h])/i },
  {
    rule: 'input from a process',
    score: 7,
    pattern: /<\(\s*[a-z]{2,20}[\s)]|<<<\s*\S|\b\d?>&\d|>\s*\/(?:dev|tmp|etc|var)\//,
  },
  {
    rule: 'brace expansion',
    score: 8,
    pattern: /(?:^|[;|&`(\s])\{[a-z0-9./]{2,30},[^},\s]{1,60}(?:,[^},\s]{1,60}){0,4}\}(?:$|[;|&`)\s])/i,
  },
  {
    rule: 'variable assembled',
    score: 6,
    pattern:
      /\$\{(?:PATH|HOME|PWD|SHELL|LS_COLORS|IFS|BASH\w*|USER|HOSTNAME)\s*[:#%/^,}]|\$\(\(|\$'\\x|\$\{!|\$\{#|\$(?:RANDOM|HOSTNAME|BASH|SHELL|SHELLOPTS|PATH|HOME|PWD|OSTYPE|USER)\b/,
  },
  {
    rule: 'account files',
    score: 7,
    pattern:
      /\b(?:cat|more|less|head|tail|type|nl|tac)\s+\S{0,40}(?:passwd|shadow|boot\.ini|win\.ini|hosts|repair\\sam)/i,
  },
])
const plainSigns = byScore([
  { rule: 'account of Windows', score: 6, pattern: /\bnet\s+(?:localgroup|user)\s+\w+\s+\w+/i },
  {
    rule: 'test of a batch file',
    score: 6,
    pattern:
      /^\W{0,3}if\s+(?:\/i\s+|not\s+){0,2}(?:exist|defined|errorlevel|cmdextversion)\s+\S{1,60}\s+(?:\($|if\b|\(?@?(?:echo|cmd|goto|set|call|del|copy|move|exit|start|type|ren|rd|md|rem|\w+\.(?:exe|bat|cmd))\b)/i,
  },
  {
    rule: 'test of a batch file',
    score: 6,
    pattern: /^\W{0,3}if\s+(?:\/i\s+|not\s+){0,2}\S{1,40}\s+(?:equ|neq|lss|leq|gtr|geq)\s+\S/i,
  },
])

const batch = byScore([
  {
    rule: 'loop of a batch file',
    score: 7,
    pattern: /\bfor\s+(?:\/[a-z]\s+){0,3}(?:"[^"]{0,60}"\s+|[^\s"%]{1,40}\s+)?%{1,2}\S{0,12}\s+in\s*\(/i,
  },
  {
    rule: 'test of a batch file',
    score: 6,
    pattern:
      /^\W{0,3}if\s*(?:\/i\s+|not\s+){0,2}["'(%[{!\w][^=\n]{0,60}={2,3}\s*["'(%[{!\w]\S{0,40}(?:\s+(?!then\b)\S|$)/i,
  },
])

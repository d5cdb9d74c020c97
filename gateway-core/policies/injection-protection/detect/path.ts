import { byScore, firstOf, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'

/** Path traversal and the files it is after: steps upwards in every spelling, system files, configuration and keys. */
export function detectPath(text: string, traits: number): Finding | undefined {
  if ((traits & (trait.slash | trait.dot | trait.control | trait.beyondAscii)) === 0 && !text.includes('0x2e'))
    return undefined
  return firstOf('path', rules, text)
}

const secretFiles = String.raw`(?:etc[\\/]{1,3}(?:passwd|shadow|group|hosts|issue|motd|fstab|sudoers|crontab|inittab|my\.cnf|ssh|ssl|apache2?|httpd|nginx|php\w{0,4}|mysql|samba|profile|environment|resolv\.conf|security|master\.passwd|services|hostname|exports|ftp\w*|vsftpd\w*|proftpd?|\w{1,20}\.(?:conf|cfg|ini|d)\b)|proc[\\/]{1,3}(?:self|version|cmdline|\d+|net|cpuinfo|mounts|meminfo|sched_debug)|boot\.ini|win(?:dows|nt)?[\\/]{1,3}(?:win|system|php|repair|system32|my)\b|web-inf|meta-inf|\.ssh[\\/]|\.git[\\/]|\.svn[\\/]|\.env\b|\.ht(?:access|passwd|group)\b|id_(?:rsa|dsa|ecdsa|ed25519)\b|\.aws[\\/]|\.bash_(?:history|profile|rc)|\.mysql_history|web\.config\b|wp-config\b|config\.inc\b|localsettings\.php|php\.ini\b|my\.cnf\b|httpd\.conf\b)`

const rules = byScore([
  {
    rule: 'upwards to a system file',
    score: 10,
    pattern: new RegExp(String.raw`\.\.[\\/].{0,400}${secretFiles}`, 'is'),
  },
  { rule: 'three steps upwards', score: 8, pattern: /(?:\.\.[\\/]{1,3}){3}/ },
  { rule: 'two steps upwards', score: 6, pattern: /(?:\.\.[\\/]{1,3}(?:\.[\\/]{1,3})?){2}/ },
  {
    rule: 'steps upwards in disguise',
    score: 7,
    pattern:
      /\.{2,4};?[\\/]{1,4}\.{2,4};?[\\/]|\.{3,8}[\\/]{1,4}(?:\.{2,8}|[\w{%])|\.\.;[\\/]|(?:\.[\\/]\.[\\/]?){2}|\.[\\/]\.\.|\.\.[\\/]\.[\\/]|(?:\.\.|%2e%2e|0x2e0x2e)(?:2f|5c|0x2f|0x5c|%2f|%5c|c0af|%c0%af|252f|255c|\\\/|\/\\)|0x2e0x2e|\^\.\^\.|\.\.\u2215|\.\.\uff0f|[?*]{1,3}\.\.[\\/]/i,
  },
  {
    rule: 'steps upwards in disguise',
    score: 7,
    pattern: /\.\.[%\uE000-\uF8FF]?[\\/][%.]{0,2}\.\.|(?:\.\.[\uE000-\uF8FF%\\/]{1,3}){2}|\.\.[\uE000-\uF8FF]/,
  },
  { rule: 'nothing but dots and both slashes', score: 6, pattern: /^[./]{0,8}(?:\.\\\/|\\\/\.|\/\\\.)[./\\]{2,}/ },
  { rule: 'steps nowhere', score: 6, pattern: /(?:^|[\\/])(?:\.[\\/]){3}|\.{4}[\\/]{2}/ },
  { rule: 'backslashes upwards', score: 7, pattern: /\.\.\\[\w.\\]|\\\.\.\\|^\\?\.\.[\\/]{2}|\.\.\\$/ },
  { rule: 'one step upwards', score: 5, pattern: /(?:^|[\\/=:"'\s])\.\.[\\/](?:$|[\w{.%])/ },
  { rule: 'upwards at the end', score: 6, pattern: /[\\/]\.\.(?:$|[?#;\0])/ },
  {
    rule: 'system file',
    score: 7,
    pattern: new RegExp(
      String.raw`(?:^|[\\/"'=:\s(])[\\/]{1,4}${secretFiles}|^${secretFiles.replace('etc', 'etc')}\W?$`,
      'i',
    ),
  },
  {
    rule: 'system folder',
    score: 6,
    pattern:
      /^[\s"'=]{0,3}[\\/]{1,4}(?:etc|proc|root|var[\\/]{1,2}(?:log|www|adm|lp|spool|run|mail|cron|apache\w*|htmlroot|nm2|cpanel|mysql|saf|lib[\\/]{1,2}(?:mysql|php|pgsql|mlocate))|usr[\\/]{1,2}(?:local[\\/]{1,2}(?:apache\w*|etc|php\w*|mysql|nginx|httpd|pgsql|cpanel|lib|libexec|share|www|psa|tomcat\w*|zeus|samba|cups|jakarta\w*|lsws|bin|sbin|squid|snort|firewall\w*)|lib[\\/]|share[\\/]|pkgsrc|ports|etc|home2?|adm|spool|internet|pgsql|apache\w*|s?bin[\\/])|opt[\\/]{1,2}(?:lampp|apache\w*|httpd|nginx|xampp|tomcat\w*)|windows|winnt|program files|apache\d?|xampp|lampp|mysql|php\d?|inetpub|home\d?[\\/]{1,2}[\w{]{1,40}[\\/]{1,2}\.?\w{1,20}|boot|bin|sbin|sys|private[\\/]{1,2}etc|system[\\/]{1,2}library|volumes[\\/]|nsconfig|www[\\/]{1,2}(?:logs?|php|conf)|web[\\/]{1,2}conf|logs?[\\/]{1,2}(?:access|error|security|pure-ftpd|apache)|php\d?[\\/]|ports|lib\d{0,2}[\\/]|dev[\\/]{1,2}(?:null|random|urandom|mem|fd|shm|tcp))(?:[\\/]|\b)/i,
  },
  {
    rule: 'Windows file',
    score: 7,
    pattern:
      /\b[a-z]:[\\/]{1,4}(?:windows|winnt|boot\.ini|inetpub|program files|documents and settings|users[\\/]{1,2}\w+[\\/]|apache|xampp|wamp|php|mysql|sysprep|autoexec|config\.sys|pagefile|unattend|nsconfig|system volume)/i,
  },
  {
    rule: 'system file named',
    score: 6,
    pattern: new RegExp(
      String.raw`(?:^|[\\/])(?:boot\.ini|win\.ini|system\.ini|php\.ini|\.htpasswd|\.htaccess|web\.config|\.ssh[\\/]|id_rsa|\.git[\\/](?:config|head|index|logs)|\.svn[\\/]entries|\.env(?:\.\w{1,12})?|wp-config\.php|\.bash_history|ntuser\.dat|sam\._|web\.xml|\.aws[\\/]credentials|\.npmrc|\.dockerenv|docker-compose\.ya?ml|\.ds_store|\.rhosts)$`,
      'i',
    ),
  },
  { rule: 'end of text in a path', score: 7, pattern: /\.\w{1,5}\0|[\\/][\w.-]{1,60}\0|\0\.\w/ },
  { rule: 'NUL character', score: 6, pattern: /\0/ },
  {
    rule: 'file address',
    score: 7,
    pattern: /\b(?:file|netdoc|jar|local_file|smb):\/{2,4}[\w/.]|\\\\[\w.-]{1,60}\\(?:[a-z]\$|share|c\$)/i,
  },
])

/** What to write instead of a link that shows a page about a file: hosts of files have addresses of both kinds. */

const UPLOAD = 'download the file yourself, upload it with POST /api/v1/files/upload, and use its storage_url'

/** By the name of a host, which stands for all names below it. */
const ADVICE: readonly [hosts: readonly string[], advice: string][] = [
  [['dropbox.com'], 'end the link in dl=1 instead of dl=0'],
  [
    ['drive.google.com', 'docs.google.com', 'drive.usercontent.google.com'],
    'share the file with anyone who has the link, and use https://drive.usercontent.google.com/download?id=FILE_ID&export=download&confirm=t',
  ],
  [['github.com'], 'use the raw file: replace /blob/ by /raw/ in the link'],
  [['gitlab.com', 'bitbucket.org'], 'use the raw file: replace /blob/ or /src/ by /raw/ in the link'],
  [['huggingface.co'], 'replace /blob/ by /resolve/ in the link'],
  [
    ['1drv.ms', 'onedrive.live.com', 'sharepoint.com'],
    'share the file with anyone who has the link, and add download=1 to the query of the link',
  ],
  [
    ['wetransfer.com', 'we.tl', 'mega.nz', 'icloud.com', 'mediafire.com', 'loom.com', 'canva.com', 'frame.io'],
    `its links show a page; ${UPLOAD}`,
  ],
  [
    [
      'youtube.com',
      'youtu.be',
      'vimeo.com',
      'tiktok.com',
      'instagram.com',
      'facebook.com',
      'twitter.com',
      'x.com',
      'dailymotion.com',
      'twitch.tv',
    ],
    `videos are not taken from the pages of sites; ${UPLOAD}`,
  ],
  [['imgur.com', 'giphy.com', 'tenor.com'], 'open the picture itself in the browser and copy its address'],
]

const DIRECT = 'use a direct link to the file'

/** What to do about a link that shows a web page, as the end of a sentence. */
export function directLinkAdvice(url: string): string {
  const host = URL.parse(url)?.hostname ?? ''
  const known = ADVICE.find(([hosts]) => hosts.some((name) => host === name || host.endsWith(`.${name}`)))
  return known?.[1] ?? DIRECT
}

const SIGN_IN = /(?:^|[/._-])(?:log-?in|sign-?in|servicelogin|oauth2?|authorize|sso)(?:$|[/._?-])/i
const SIGN_IN_HOSTS: ReadonlySet<string> = new Set([
  'accounts.google.com',
  'login.microsoftonline.com',
  'login.live.com',
  'appleid.apple.com',
])

/** Whether a page at this address asks who one is. */
export function asksToSignIn({ hostname, pathname }: URL): boolean {
  return SIGN_IN_HOSTS.has(hostname) || SIGN_IN.test(pathname)
}

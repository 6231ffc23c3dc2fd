/** Whether a file can be what it is wanted for, by its first bytes. Pure. What may be of use is left to FFmpeg. */
import { type Contents, isNamedAsFont, isNamedAsMedia, sniff } from '../ffmpeg/content-sniffing.ts'
import { asksToSignIn, directLinkAdvice } from './direct-link.ts'
import { quotedError } from './error-body.ts'

/** What a file is to be: the input of a command, its archive, or a stored file, which may be of any kind that its name does not deny. */
export type FileUse = 'input' | 'archive' | 'stored'

export interface FileHead {
  /** The first bytes, or all that there are. */
  bytes: Uint8Array
  contentType: string | null
  /** Where the file comes from: the URL that was given, and the one that answered after its redirects; or a file of ours by its name. */
  from: { kind: 'url'; url: string; answeredBy: URL } | { kind: 'own'; filename: string }
}

/**
 * Why the file cannot be used, as the rest of a sentence that begins with its name; null where it may be.
 * @param filename by which the file is to be known: its extension tells what it was taken for
 */
export function contentsFault(head: FileHead, filename: string, use: FileUse): string | null {
  const contents = sniff(head.bytes, head.contentType)
  const wanted = use === 'archive' ? 'a zip archive' : isNamedAsFont(filename) ? 'a font' : 'media'
  switch (contents.kind) {
    case 'empty':
      return 'is empty'
    case 'web_page':
      return `is ${contents.what}, not ${wanted}: ${pageSource(head)}`
    case 'zip':
      return use === 'archive' || !tellsItsKind(filename) ? null : notWanted(contents, wanted, head)
    case 'hls':
    case 'dash':
      if (use === 'input') return playlistFault(contents, head)
      break
    case 'unknown':
      return null
  }
  if (use === 'archive') return `is not a zip archive but ${contents.what}; make a zip of the files and use its link`
  return tellsItsKind(filename) ? notWanted(contents, wanted, head) : null
}

function pageSource({ from }: FileHead): string {
  if (from.kind === 'own') return `the stored file ${from.filename} holds HTML; store the file itself, by a direct link to it`
  const given = new URL(from.url).host
  const { host } = from.answeredBy
  const answered = given === host ? `${host} answered with HTML` : `${given} led to ${host}, which answered with HTML`
  if (!asksToSignIn(from.answeredBy)) return `${answered}; ${directLinkAdvice(from.url)}`
  return `${answered} that asks to sign in; use a direct link to the file that works without an account`
}

/** Whether the name denies what the file is. */
function tellsItsKind(filename: string): boolean {
  return isNamedAsMedia(filename) || isNamedAsFont(filename)
}

function notWanted(contents: Contents, wanted: string, { bytes, contentType, from }: FileHead): string {
  if (from.kind === 'own')
    return `is ${contents.what}, not ${wanted}: the stored file ${from.filename} holds something else than its name says`
  const said = quotedError(new TextDecoder().decode(bytes), contents.kind === 'text' ? 'text/plain' : contentType)
  return `is ${contents.what}, not ${wanted}: ${from.answeredBy.host} answered with ${said === null ? 'it' : `"${said}"`}; ${directLinkAdvice(from.url)}`
}

function playlistFault({ kind, what }: Contents, { from }: FileHead): string {
  if (kind === 'dash')
    return `is ${what}, which refers to other files, and those are not fetched; give the media files themselves as inputs`
  const name = from.kind === 'url' ? playlistName(from.answeredBy) : from.filename
  return (
    `is ${what}, which refers to other files, and those are not fetched; ` +
    `put the playlist and its segments into a zip, give its URL as input_compressed_folder, and write -i ${name} in the command`
  )
}

function playlistName({ pathname }: URL): string {
  const last = pathname.slice(pathname.lastIndexOf('/') + 1)
  return last.toLowerCase().endsWith('.m3u8') ? last : 'index.m3u8'
}

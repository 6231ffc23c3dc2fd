/** Whether `drawtext` has drawn its text: FFmpeg ends well even where it has not. */

/** What drawtext says, frame by frame, when it draws nothing of a text with a percent sign, while FFmpeg goes on. */
const TEXT_NOT_DRAWN =
  /^\[(?:Parsed_)?drawtext[^\]\n]{0,60}\] (?:Stray % near|Unterminated %\{\} near|%\{[^}\n]{0,60}\} is not known)[^\n]*/m

/** Why an FFmpeg that ended well has drawn no text; null where it has, or was not to. */
export function undrawnText(said: string): string | null {
  const line = TEXT_NOT_DRAWN.exec(said)?.[0]
  if (line === undefined) return null
  return `${line}\nThe text was not drawn, since a % begins an expression in it: write drawtext=expansion=none:text=… to have the text drawn as it is`
}

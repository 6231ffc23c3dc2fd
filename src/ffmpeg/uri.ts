/** URIs as lists, playlists and manifests write them. */

/** A URI without its query and fragment. */
export function withoutQuery(uri: string): string {
  const end = uri.search(/[?#]/)
  return end === -1 ? uri : uri.slice(0, end)
}

/** A path with its escapes (`%20`) undone; as it is where they are none of UTF-8. */
export function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

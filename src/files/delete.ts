/** Deleting what is stored. */

/** Keys that R2 lists, and deletes, at once. */
const PAGE = 1000

/** Deletes files by their keys, and everything below a place that ends with a slash. What is gone already does no harm. */
export async function deleteFiles(bucket: R2Bucket, places: readonly string[]): Promise<void> {
  const keys = places.filter((place) => !place.endsWith('/'))
  for (let start = 0; start < keys.length; start += PAGE) await bucket.delete(keys.slice(start, start + PAGE))
  for (const prefix of places.filter((place) => place.endsWith('/'))) {
    for (let left = true; left; ) {
      const { objects, truncated } = await bucket.list({ prefix, limit: PAGE })
      if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key))
      left = truncated
    }
  }
}

/** One file, so that its parts run one after the other: where wrangler ends, it removes every container of the image that it has built, whoever runs it. */
import './inside.ts'
import './life-cycle.ts'

import work from "./pool_tasks.mjs";

// Not by literal: it is nobody's dependency but this program's, which its package.json says.
const name = "poolifier";
const { ThreadWorker } = await import(name);

export default new ThreadWorker(work);

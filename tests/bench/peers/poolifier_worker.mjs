import { ThreadWorker } from "poolifier";
import work from "./pool_tasks.mjs";

export default new ThreadWorker(work);

/**
 * What stands beside the job on the command line: {@code jobs/check}, {@code jobs/inspect}, how
 * they and the job read their arguments, exit codes. It imports all but {@code bench}.
 */
package io.sparkdiffusion.cli;

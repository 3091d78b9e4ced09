/** The packaged job on a real Spark standalone cluster: processes that start, die and go on. */
package io.sparkdiffusion.cluster;

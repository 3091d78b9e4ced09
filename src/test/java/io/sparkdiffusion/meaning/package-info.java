/**
 * Whether the images of the embedded model show what their prompts say, by simple measured rules;
 * tools/tiny-sd2/measure.py has the same ones.
 */
package io.sparkdiffusion.meaning;

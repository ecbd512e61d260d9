#!/bin/sh
# The tasks of a plan as a Slurm array: each job does free tasks until none is left.
#
#   sbatch --array=1-16 --cpus-per-task=8 --mem=4G kinfolk_slurm.sh OUT
#
# OUT is the folder that `kinfolk cluster plan` made, on a file system that all nodes see.
# A job that dies leaves its task to the others once its lease has run out; run the same
# line again for what is left, and `kinfolk cluster join OUT` at the end.
#SBATCH --job-name=kinfolk
#SBATCH --requeue
set -eu
out=${1:?the folder of the plan}
exec "${KINFOLK:-kinfolk}" cluster work "$out" --wait --threads "${SLURM_CPUS_PER_TASK:-1}"

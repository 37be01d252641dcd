"""What a machine has or has not, and nobody can install: `--no-skips` forgives tests that are skipped for want of it."""

NO_GPU = "torch sees no CUDA device"
NO_BF16 = "this processor has no bf16 arithmetic (AVX512-BF16 or AMX)"
NO_X86 = "this processor is no x86"
NO_AVX2 = "this processor has no AVX2"
NOT_TO_BE_INSTALLED = (NO_GPU, NO_BF16, NO_X86, NO_AVX2)

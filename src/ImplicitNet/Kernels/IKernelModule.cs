using static TorchSharp.torch;

namespace ImplicitNet.Kernels;

/// <summary>A module R(u, q) that has a kernel.</summary>
internal interface IKernelModule
{
    /// <summary>Makes of q what evaluates R(u, q) to the same bits, sample by sample in plain memory.</summary>
    /// <param name="start">One of the u: [batch, ...].</param>
    /// <param name="q">[batch, ...]; it must outlive the kernel, during which no weight changes.</param>
    /// <returns>It; null where evaluations are not a kernel's.</returns>
    SampleKernel? TryKernel(Tensor start, Tensor q);
}

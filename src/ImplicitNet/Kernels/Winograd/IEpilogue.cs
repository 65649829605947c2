using System.Runtime.Intrinsics;

namespace ImplicitNet.Kernels.Winograd;

/// <summary>What is done to the values of a convolution before they are stored, while they are in registers.</summary>
internal interface IEpilogue
{
    /// <summary>Eight channels of one pixel.</summary>
    /// <param name="value">What the convolution gave.</param>
    /// <param name="place">Where they will be stored, counted from the first element of the samples at hand.</param>
    /// <param name="channel">The first of the channels.</param>
    Vector256<float> Apply(Vector256<float> value, int place, int channel);
}

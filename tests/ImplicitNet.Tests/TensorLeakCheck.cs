using TorchSharp;
using Xunit.Sdk;
using Xunit.v3;

// Torch's random state and thread count are one for the whole process: tests that set them must run alone.
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace ImplicitNet.Tests;

/// <summary>
/// The base of every test class that touches tensors: after each test as many are alive on its thread as before it.
/// </summary>
/// <remarks>
/// Tensor.TotalCount would count one too many for every Parameter made: the tensor that a Parameter is made from gives
/// its handle away and is never taken off (TorchSharp 0.107.0). The statistics of the dispose scopes are exact.
/// </remarks>
public abstract class TensorTest : IDisposable
{
    private readonly long _before = Live;

    private protected static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Assert.Equal(_before, Live);
    }
}

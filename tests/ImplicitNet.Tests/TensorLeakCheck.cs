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

    /// <summary>
    /// How often the test makes libtorch run a node of ours without a gradient. TorchSharp counts the handle of nothing that the node is
    /// given instead as a tensor, and never takes it off again, disposed or not; no memory is behind it.
    /// </summary>
    private protected long HandlesOfNothing { get; set; }

    private protected static long Live => DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Assert.Equal(_before + HandlesOfNothing, Live);
    }
}

using TorchSharp;
using Xunit.Sdk;
using Xunit.v3;

[assembly: Parallelization(Mode = ParallelMode.None)]

namespace ImplicitNet.Tests;

/// <summary>A test class whose tests must leave as many live tensors behind as they found.</summary>
public abstract class TensorTest : IDisposable
{
    private readonly long _before = torch.Tensor.TotalCount;

    public void Dispose()
    {
        Assert.Equal(_before, torch.Tensor.TotalCount);
        GC.SuppressFinalize(this);
    }
}

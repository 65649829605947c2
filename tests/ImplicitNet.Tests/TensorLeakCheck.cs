using TorchSharp;
using Xunit.Sdk;
using Xunit.v3;

// The number of live tensors is one for the whole process: a test that counts them must run alone.
[assembly: Parallelization(Mode = ParallelMode.None)]

namespace ImplicitNet.Tests;

/// <summary>The base of every test class that touches tensors: after each test as many are alive as before it.</summary>
public abstract class TensorTest : IDisposable
{
    private readonly long _before = torch.Tensor.TotalCount;
    private long _parametersMade;

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Assert.Equal(_before + _parametersMade, torch.Tensor.TotalCount);
    }

    /// <summary>
    /// Tells that a module with these parameters was made. TorchSharp 0.107.0 counts one tensor too many for each Parameter (the tensor it is
    /// made from counts on after it has given its handle away), and never takes it back.
    /// </summary>
    protected T Counted<T>(T module)
        where T : torch.nn.Module
    {
        _parametersMade += module.parameters().Count();
        return module;
    }
}

using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>x -> x W^T / b(W)</c> with <c>b(W) >= ||W||_2</c>: a fully connected layer of operator norm at most 1.
/// </summary>
/// <remarks>Preparing the weight costs seven products of n x n matrices, n the smaller side; once for each solve.</remarks>
public sealed class BoundedLinear : BoundedLayer
{
    private readonly Parameter weight;

    /// <summary>Creates the layer with a weight drawn as in torch.nn.Linear (Kaiming uniform, a = sqrt 5).</summary>
    /// <param name="inputs">Size of the input; at least 1.</param>
    /// <param name="outputs">Size of the output; at least 1.</param>
    /// <param name="dtype">Dtype of the weight; default float32.</param>
    public BoundedLinear(long inputs, long outputs, ScalarType dtype = ScalarType.Float32)
        : base(nameof(BoundedLinear))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(inputs, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        using Tensor data = empty(outputs, inputs, dtype);
        weight = new Parameter(data);
        weight.DetachFromDisposeScope();
        nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor NormalizedWeight()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor bound = SpectralNorm.UpperBounds(weight.unsqueeze(0));
        return (weight / (bound * RoundingMargin)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor input, Tensor weight) => nn.functional.linear(input, weight);

    /// <inheritdoc/>
    public override double CertifyNorm()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        return SpectralNorm.LargestSingularValue(NormalizedWeight().to(ScalarType.Float64));
    }
}

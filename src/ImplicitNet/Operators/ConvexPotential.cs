using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>x -> x - 2 V^T act(V x + bias)</c> with <c>V = W / b(W)</c>, W a zero-padded convolution and b(W) at least its norm: a step down a
/// convex potential, 1-Lipschitz whatever the weights (Meunier, Delattre, Araujo and Allauzen, "A dynamical system perspective for
/// Lipschitz neural networks", ICML 2022).
/// </summary>
/// <remarks>
/// Its Jacobian <c>I - 2 V^T S V</c>, S the slopes of the activation in [0, 1], has eigenvalues in [-1, 1]: unlike a bounded convolution
/// it passes on what it does not change, at length 1, so that many of them, one after the other in a <see cref="BoundedSequence"/>, lose
/// nothing. The bias is in units of V x: it stays what it is when W is scaled. One application is two convolutions.
/// </remarks>
public sealed class ConvexPotential : BoundedModule
{
    // As for weights: what is passed on is rounded to the dtype once.
    private const double RoundingMargin = 1e-5;

    [ComponentName(Name = "convolution")]
    private readonly BoundedConvolution _convolution;
    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;
    private readonly LatentActivation _activation;
    private readonly long _padding;

    /// <summary>Creates the layer with W drawn as in torch.nn.Conv2d (Kaiming uniform, a = sqrt 5) and a bias of 0.</summary>
    /// <param name="channels">Of inputs and outputs; at least 1.</param>
    /// <param name="hidden">Channels of W x; at least 1.</param>
    /// <param name="kernelSize">Side of the kernel: odd; at most 31 without an image size; default 3.</param>
    /// <param name="imageSize">
    /// (height, width) if all images have this one size: the bound is then tighter and cheaper. Default: a bound for all sizes.
    /// </param>
    /// <param name="activation">1-Lipschitz and nowhere falling: a proximal map; default ReLU.</param>
    /// <param name="dtype">Dtype of the weights: float16, bfloat16, float32 (default) or float64.</param>
    /// <exception cref="ArgumentException">
    /// The activation is not known to be a proximal map, or the convolution cannot be made (<see cref="BoundedConvolution"/>).
    /// </exception>
    public ConvexPotential(
        long channels, long hidden, int kernelSize = 3, (int Height, int Width)? imageSize = null, LatentActivation? activation = null,
        ScalarType dtype = ScalarType.Float32)
        : base(nameof(ConvexPotential))
    {
        _activation = activation ?? LatentActivation.LeakyRelu(0);
        if (!_activation.IsProximal)
        {
            throw new ArgumentException(
                $"The activation of a convex potential must nowhere fall: {_activation} is not known to be so. "
                    + $"One that is says so by {nameof(LatentActivation.IsProximal)}.",
                nameof(activation));
        }

        _convolution = new BoundedConvolution(channels, hidden, kernelSize, imageSize, dtype);
        _padding = kernelSize / 2;
        using Tensor zero = zeros(hidden, dtype);
        _bias = new Parameter(zero);
        _bias.DetachFromDisposeScope();
        RegisterComponents();
    }

    /// <summary>W, as it is trained: [hidden, channels, k, k]. Other values to begin with are written into it.</summary>
    public Parameter Weight => _convolution.Weight;

    /// <summary>The bias: [hidden].</summary>
    public Parameter Bias => _bias;

    /// <inheritdoc/>
    public override long Inputs => _convolution.Inputs;

    /// <inheritdoc/>
    public override long Outputs => _convolution.Inputs;

    /// <inheritdoc/>
    public override ResidualNorm Norm => ResidualNorm.L2;

    /// <inheritdoc/>
    internal override Tensor Reference => _convolution.Reference;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => Forward(input);

    /// <inheritdoc/>
    internal override double CertifyNorm(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        double norm = _bias.isfinite().all().ToBoolean() ? _convolution.CertifyNorm(1) : double.NaN;
        return Passed(factor).to(ScalarType.Float64).ToDouble() * Math.Max(1, (2 * norm * norm) - 1);
    }

    /// <inheritdoc/>
    internal override IReadOnlyList<Tensor> Prepare(double factor)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = _convolution.ScaledWeight(1);

        // With channels last in memory both convolutions take half as long on the processor.
        Tensor laid = weight.device_type == DeviceType.CPU ? weight.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : weight.alias();
        return [Passed(factor).MoveToOuterDisposeScope(), laid.MoveToOuterDisposeScope(), _bias.alias().MoveToOuterDisposeScope()];
    }

    /// <inheritdoc/>
    internal override Tensor Propagate(Tensor input, IReadOnlyList<Tensor> prepared, ref int next)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor passed, Tensor weight, Tensor bias) = (prepared[next], prepared[next + 1], prepared[next + 2]);
        next += 3;
        long[] padding = [_padding, _padding];
        Tensor inner = _activation.ApplyInPlace(nn.functional.conv2d(input, weight, bias, padding: padding));
        Tensor step = nn.functional.conv_transpose2d(inner, weight, padding: padding);

        // In this order the result has the memory layout of the input.
        return input.sub(step.mul_(2)).mul_(passed).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    internal override string? Wanted(long[] input) => _convolution.Wanted(input);

    /// <inheritdoc/>
    internal override long[] ShapeOf(long[] input) => input;

    /// <summary>The factor, in the dtype of the weights: [].</summary>
    private Tensor Passed(double factor)
    {
        double margin = Math.Max(RoundingMargin, 2 * Precision.Of(Reference.dtype).Roundoff);
        return full([], factor / (1 + margin), Reference.dtype, Reference.device);
    }
}

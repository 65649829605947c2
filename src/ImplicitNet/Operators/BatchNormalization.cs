using ImplicitNet.Gradients;
using ImplicitNet.Kernels;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Batch normalisation (Ioffe and Szegedy, ICML 2015) of any inputs [batch, channels, ...]: torch's BatchNorm1d, 2d and 3d in one, with its
/// names, numbers and moving averages, whose statistics several processes can share (<see cref="SharedStatistics"/>).
/// </summary>
/// <remarks>
/// <para>
/// Where nothing is shared, and in evaluation mode, it is torch's own, bit by bit. Shared statistics are summed in float64: in float32 on
/// the processor by two managed passes over the batch forward, and two backward, which are the same for any number of threads; in other
/// dtypes and on other devices by torch in float64.
/// </para>
/// <para>
/// A memory layout is kept. Kept for the backward pass: the input, as torch does. With shared statistics there are no second derivatives:
/// the gradient is NaN, which the next call tells.
/// </para>
/// </remarks>
public sealed class BatchNormalization : BatchNorm
{
    private readonly UntoldFailure _untold = new();

    /// <summary>Creates it: weights 1, biases 0, running means 0, running variances 1.</summary>
    /// <param name="channels">At least 1.</param>
    /// <param name="epsilon">Added to the variance; above 0; default 1e-5.</param>
    /// <param name="momentum">The share of a batch in the running statistics, in [0, 1]; default 0.1.</param>
    /// <param name="isAffine">Whether it has a weight and a bias for every channel; default true.</param>
    /// <param name="dtype">Of weights and statistics.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public BatchNormalization(
        long channels, double epsilon = 1e-5, double momentum = 0.1, bool isAffine = true, ScalarType dtype = ScalarType.Float32)
        : base(
            channels >= 1 ? channels : throw new ArgumentOutOfRangeException(nameof(channels), channels, "There is at least 1 channel."),
            epsilon is > 0 and < double.PositiveInfinity
                ? epsilon
                : throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, "What is added to the variance is above 0."),
            momentum is >= 0 and <= 1
                ? momentum
                : throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "The momentum must be in [0, 1]."),
            isAffine, track_running_stats: true, device: null, dtype: null, nameof(BatchNormalization))
    {
        // Given a dtype, torch's own would count batches in it.
        ModuleExtensionMethods.to(this, dtype);
    }

    /// <summary>Normalises a batch.</summary>
    /// <param name="input">[batch, channels, ...], in the dtype and on the device of the weights; in training mode at least 2 numbers a
    /// channel.</param>
    /// <returns>Like the input. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The input has another shape, or too few numbers.</exception>
    /// <exception cref="InvalidOperationException">
    /// Its statistics were to be shared within a solve; or a backward pass through an earlier call failed, which is told once.
    /// </exception>
    public override Tensor forward(Tensor input)
    {
        _untold.Throw();
        if (!training)
        {
            return base.forward(input);
        }

        ValidateInputDimensions(input);
        TensorCheck.EnsureLike(input, running_mean!, nameof(input), "The input");
        SharedStatistics? shared = SharedStatistics.InForce;
        return shared is not null ? Normalized(input, shared)
            : input.numel() >= 2 * num_features ? base.forward(input)
            : throw BatchNormalizationPass.TooFew(input);
    }

    /// <inheritdoc/>
    protected override void ValidateInputDimensions(Tensor input)
    {
        TensorCheck.EnsureBatch(input, nameof(input), "The input");
        if (input.ndim < 2 || input.shape[1] != num_features)
        {
            throw new ArgumentException(
                $"The input must be [batch, {num_features}, ...]. Given: {TensorCheck.Shape(input)}.", nameof(input));
        }
    }

    private Tensor Normalized(Tensor input, SharedStatistics shared)
    {
        using DisposeScope scope = NewDisposeScope();
        BatchNormalizationPass pass = new(eps, shared, new GradientReport(_untold) { Through = "a batch normalisation" });
        Tensor[] sources = affine ? [input, weight, bias!] : [input];
        Tensor output = is_grad_enabled() && Array.Exists(sources, source => source.requires_grad)
            ? GraphNode.Attach(pass, sources, [.. sources], isAlarmed: true)
            : pass.Forward(sources);
        Track(pass);
        return output.MoveToOuterDisposeScope();
    }

    private void Track(BatchNormalizationPass batch)
    {
        using IDisposable noGraph = no_grad();
        num_batches_tracked!.add_(1);
        double share = momentum ?? 1 / num_batches_tracked.to(ScalarType.Float64).ToDouble();
        if (share > 0)
        {
            Move(running_mean!, batch.Means, share);
            Move(running_var!, [.. batch.Variances.Select(variance => variance * batch.Count / (batch.Count - 1))], share);
        }
    }

    private static void Move(Tensor running, double[] batch, double share) =>
        running.copy_((running.to(ScalarType.Float64) * (1 - share)) + (tensor(batch, ScalarType.Float64, running.device) * share));
}

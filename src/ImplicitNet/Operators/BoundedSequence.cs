using ImplicitNet.Kernels;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Bounded modules one after the other, such as <c>x -> W2 act(W1 x)</c>: the Lipschitz constant is at most the product of theirs, so at
/// most 1.
/// </summary>
/// <remarks>
/// So layers that change the size of images become parts of an operator that maps latents to latents: a strided convolution, something at
/// the smaller size, a transposed one. The certificate is the product of the certificates, since what comes between lengthens nothing.
/// </remarks>
public sealed class BoundedSequence : BoundedModule
{
    private readonly BoundedModule[] _parts;
    private readonly LatentActivation? _between;

    /// <summary>Creates the sequence.</summary>
    /// <param name="parts">In the order in which they are applied, at least one; named "0", "1", ... Owned from now on.</param>
    /// <param name="between">Applied after each part but the last; default: nothing, and a sequence of layers is linear.</param>
    /// <exception cref="ArgumentException">
    /// There is no part, one is null or there twice, one does not take what the one before gives, or two are bounded in different norms.
    /// </exception>
    public BoundedSequence(IReadOnlyList<BoundedModule> parts, LatentActivation? between = null)
        : base(nameof(BoundedSequence))
    {
        ArgumentNullException.ThrowIfNull(parts);
        _parts = [.. parts];
        _between = between;
        if (_parts.Length == 0 || _parts.Contains(null!) || _parts.Distinct().Count() != _parts.Length)
        {
            throw new ArgumentException("A sequence has at least one part, and none that is null or there twice.", nameof(parts));
        }

        for (int place = 1; place < _parts.Length; place++)
        {
            (BoundedModule before, BoundedModule part) = (_parts[place - 1], _parts[place]);
            string? fault = before.Outputs != part.Inputs ? $"gives {before.Outputs} channels, and part {place} takes {part.Inputs}"
                : before.HasMovingNorm || part.HasMovingNorm
                    ? $"or part {place} is bounded in a norm that moves with its weights, as by PerronFrobenius: no product bounds both"
                : !before.Norm.Equals(part.Norm)
                    ? $"is bounded in the norm {before.Norm}, and part {place} in {part.Norm}: no product bounds both"
                    : null;
            if (fault is not null)
            {
                throw new ArgumentException($"Part {place - 1} of the sequence {fault}.", nameof(parts));
            }
        }

        for (int place = 0; place < _parts.Length; place++)
        {
            register_module(place.ToString(System.Globalization.CultureInfo.InvariantCulture), _parts[place]);
        }
    }

    /// <inheritdoc/>
    public override long Inputs => _parts[0].Inputs;

    /// <inheritdoc/>
    public override long Outputs => _parts[^1].Outputs;

    /// <inheritdoc/>
    public override ResidualNorm Norm => _parts[0].Norm;

    /// <inheritdoc/>
    internal override bool HasMovingNorm => _parts[0].HasMovingNorm;

    /// <inheritdoc/>
    internal override Tensor Reference => _parts[0].Reference;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => Forward(input);

    /// <inheritdoc/>
    internal override double CertifyNorm(double factor) =>
        _parts.Select((part, place) => part.CertifyNorm(FactorOf(place, factor))).Aggregate(1.0, (product, norm) => product * norm);

    /// <inheritdoc/>
    internal override IReadOnlyList<Tensor> Prepare(double factor) =>
        [.. _parts.SelectMany((part, place) => part.Prepare(FactorOf(place, factor)))];

    /// <inheritdoc/>
    internal override Tensor Propagate(Tensor input, IReadOnlyList<Tensor> prepared, ref int next)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor value = input;
        for (int place = 0; place < _parts.Length; place++)
        {
            value = _parts[place].Propagate(value, prepared, ref next);
            value = _between is null || place == _parts.Length - 1 ? value : _between.ApplyInPlace(value);
        }

        return value.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    internal override string? Wanted(long[] input)
    {
        long[] shape = input;
        for (int place = 0; place < _parts.Length; place++)
        {
            if (_parts[place].Wanted(shape) is { } wanted)
            {
                return place == 0 ? wanted : $"such that part {place} of the sequence gets {wanted}, not {TensorCheck.Sizes(shape)}";
            }

            shape = _parts[place].ShapeOf(shape);
        }

        return null;
    }

    /// <inheritdoc/>
    internal override long[] ShapeOf(long[] input) => _parts.Aggregate(input, (shape, part) => part.ShapeOf(shape));

    // The whole factor in the last part: those before it are multiplied by nothing, and rounded once.
    private double FactorOf(int place, double factor) => place == _parts.Length - 1 ? factor : 1;
}

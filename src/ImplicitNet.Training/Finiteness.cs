using ImplicitNet.Files;
using ImplicitNet.Training.Optimizers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Training;

/// <summary>
/// Looks for NaN and infinity in what an optimiser is about to use and in what it has made: the one place that decides whether a step may
/// be made, and whether its weights may be kept.
/// </summary>
/// <remarks>
/// Costs one native pass over all gradients a step, a second one where they are clipped, and none over the weights but for the first.
/// </remarks>
internal sealed class Finiteness
{
    private readonly Limits _limits;
    private readonly KeyValuePair<string, Tensor>[] _parameters;
    private readonly Parameter[] _values;
    private readonly double? _largestMove;

    // Of the absolute values of all weights; not known before the first step.
    private double _bound = double.PositiveInfinity;

    /// <summary>Looks at the weights of a network.</summary>
    /// <param name="network">Stays the caller's.</param>
    /// <param name="largestMove">As <see cref="TrainingOptimizer.LargestMove"/>.</param>
    public Finiteness(nn.Module network, double? largestMove)
    {
        _parameters = [.. network.named_parameters().Select(entry => KeyValuePair.Create<string, Tensor>(entry.name, entry.parameter))];
        _values = [.. network.parameters()];
        _largestMove = largestMove;
        _limits = Array.Exists(_values, value => value.dtype != ScalarType.Float64) ? Limits.OfFloat32 : Limits.OfFloat64;
    }

    /// <summary>Scales the gradient down to a norm, where one is given, and says what forbids a step along it.</summary>
    /// <param name="clipNorm">The largest L2 norm of all gradients together; null for any.</param>
    /// <returns>For a message: that one is not finite, or too large; the gradients are then of no use. Null where none is.</returns>
    public string? CheckGradients(double? clipNorm)
    {
        // The largest gradient: it cannot overflow, as a sum of squares can. In one native call, which under an infinite limit scales
        // nothing.
        double largest = nn.utils.clip_grad_norm_(_values, double.PositiveInfinity, double.PositiveInfinity);
        if (!double.IsFinite(largest))
        {
            return $"one of its numbers is {Text(largest)}";
        }

        if (clipNorm is { } norm && norm <= _limits.Norm)
        {
            largest = largest > _limits.Summand ? ClipLarge(largest, norm) : Math.Min(largest, Clip(norm));
        }

        return largest < _limits.Gradient ? null : $"the largest gradient is {Text(largest)}, whose square {_limits.Name} cannot hold";
    }

    /// <summary>
    /// Says which weight is not finite after a step. They are looked at in the first step, and where a bound of them says that one may have
    /// overflowed: <c>|w| &lt;- |w| max(1, |1 - rate decay|) + m rate</c>, m the optimiser's largest move; after every step where that is
    /// not known.
    /// </summary>
    /// <param name="rate">The learning rate of the step.</param>
    /// <param name="decay">The decoupled weight decay.</param>
    /// <returns>For a message; null where there is none.</returns>
    public string? CheckWeights(double rate, double decay)
    {
        _bound = (_bound * Math.Max(1, Math.Abs(1 - (rate * decay)))) + ((_largestMove ?? double.PositiveInfinity) * rate);
        if (_bound < _limits.Weight)
        {
            return null;
        }

        _bound = Largest();
        return double.IsFinite(_bound) ? null : Check(_parameters);
    }

    /// <summary>Says which of many tensors is not finite.</summary>
    /// <returns>For a message; null where there is none.</returns>
    public static string? Check(IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        foreach ((string name, Tensor value) in tensors)
        {
            if (NonFiniteIndex.Find(value) is { } index)
            {
                return Describe(name, value, index);
            }
        }

        return null;
    }

    /// <summary>Refuses to keep what is not finite.</summary>
    /// <param name="tensors">By name.</param>
    /// <param name="what">Such as "The weights are not finite".</param>
    /// <param name="step">Steps made.</param>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="rate">The learning rate of the last step.</param>
    /// <exception cref="TrainingDivergedException">One is not.</exception>
    public static void Ensure(IEnumerable<KeyValuePair<string, Tensor>> tensors, string what, long step, int epoch, double rate)
    {
        if (Check(tensors) is { } place)
        {
            throw TrainingDivergedException.At($"{what}: {place}", step, epoch, rate);
        }
    }

    private double Clip(double norm)
    {
        nn.utils.clip_grad_norm_(_values, norm);
        return norm;
    }

    /// <summary>Clips gradients whose squares overflow: brought to 1 first, and from there to what they must be.</summary>
    /// <returns>The largest gradient afterwards.</returns>
    private double ClipLarge(double largest, double norm)
    {
        using IDisposable noGraph = no_grad();
        nn.utils.clip_grad_norm_(_values, 1, double.PositiveInfinity);
        double factor = Math.Min(largest, norm / nn.utils.clip_grad_norm_(_values, double.PositiveInfinity));
        foreach (Parameter parameter in _values)
        {
            using Tensor? gradient = parameter.grad;
            gradient?.mul_(factor);
        }

        return factor;
    }

    /// <summary>The largest absolute value of a weight; NaN where one is NaN, 0 where there is none.</summary>
    private double Largest()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor[] norms = [.. _values.Where(value => value.numel() > 0).Select(value => linalg.vector_norm(value, double.PositiveInfinity))];
        return norms.Length == 0 ? 0 : stack(norms).max().ToDouble();
    }

    private static string Describe(string name, Tensor tensor, long[] index)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        double value = tensor[[.. index.Select(place => TensorIndex.Single(place))]].ToDouble();
        return $"{name}[{string.Join(", ", index)}] is {Text(value)}";
    }

    private static string Text(double value) => value.ToString("g3", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What numbers of a dtype may come to.</summary>
    /// <param name="Name">Of the dtype.</param>
    /// <param name="Gradient">
    /// Adam keeps squares of gradients. Beyond this they overflow, and the weight they belong to never moves again.
    /// </param>
    /// <param name="Summand">Below it, the squares of 1e10 gradients add up to less than the dtype holds.</param>
    /// <param name="Norm">A clip above this clips nothing that could be used.</param>
    /// <param name="Weight">Some way from where the dtype ends.</param>
    private sealed record Limits(string Name, double Gradient, double Summand, double Norm, double Weight)
    {
        public static Limits OfFloat32 { get; } = new("float32", 1e19, 1e14, 1e30, 1e37);

        public static Limits OfFloat64 { get; } = new("float64", 1e154, 1e149, 1e300, 1e307);
    }
}

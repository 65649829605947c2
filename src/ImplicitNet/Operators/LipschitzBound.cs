using System.Globalization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// A rigorous upper bound of the Lipschitz constant of a module in evaluation mode, from L2 to L2 over one sample, with the factors that it
/// is a product of; or by name the part that has none.
/// </summary>
/// <remarks>
/// Norms are computed in float64 by singular value decompositions, whatever the dtype of the weights, and rounded up. A batch normalisation
/// right behind a convolution or a linear layer is bounded with it as the one affine map that both are: the product of two bounds would be
/// much larger. What is known: modules that say so themselves (<see cref="ILipschitz"/>, such as every <see cref="BoundedModule"/> in L2),
/// Linear, Conv2d, batch normalisation, ReLU, LeakyReLU, ELU, Tanh, Sigmoid, GELU, SiLU, Softsign, Hardtanh, pooling by the maximum and the
/// mean, dropout, Flatten, Identity, and Sequential. It speaks of real numbers: the rounding of the module itself is not in it.
/// </remarks>
public sealed class LipschitzBound
{
    private LipschitzBound(
        string name, LayerBound bound, bool isStated = false, IReadOnlyList<LipschitzBound>? factors = null)
    {
        (Name, Value, Reason, IsStated) = (name, bound.Reason is null ? bound.Value : null, bound.Reason, isStated);
        (OutputShape, Factors) = (bound.Output, factors ?? []);
    }

    /// <summary>Which module, and of what kind: "encoder.convolution1 + normalization1 (Conv2d, BatchNorm2d)".</summary>
    public string Name { get; }

    /// <summary>The bound: finite, at least 0, dimensionless; null where there is none.</summary>
    public double? Value { get; }

    /// <summary>Why there is no bound, naming the part; null where there is one.</summary>
    public string? Reason { get; }

    /// <summary>True if it rests on what a module from outside this library states of itself: nothing has checked it.</summary>
    public bool IsStated { get; }

    /// <summary>The bounds that this one is the product of, in the order of their modules; empty for one that is no product.</summary>
    public IReadOnlyList<LipschitzBound> Factors { get; }

    /// <summary>The largest factor, or this bound itself where it is no product; null where there is no bound.</summary>
    public LipschitzBound? Loosest => Value is null ? null : Leaves.MaxBy(leaf => leaf.Value);

    /// <summary>The shape of an output without its batch; null where it is not known.</summary>
    internal long[]? OutputShape { get; }

    /// <summary>The factors that are no products themselves; this bound where it is none.</summary>
    internal IEnumerable<LipschitzBound> Leaves => Factors.Count == 0 ? [this] : Factors.SelectMany(factor => factor.Leaves);

    /// <summary>Bounds a module as its weights are now.</summary>
    /// <param name="module">Any; in evaluation mode.</param>
    /// <param name="inputShape">
    /// Of an input without its batch, such as [channels, height, width]: bounds of convolutions are then tighter and cheaper. Default: a
    /// bound for all sizes.
    /// </param>
    /// <returns>
    /// A bound without a value where a part has none: weights that are not finite, training mode, a layer that is not known.
    /// </returns>
    public static LipschitzBound Of(nn.Module module, IReadOnlyList<long>? inputShape = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        return Of("", module, inputShape is null ? null : [.. inputShape]);
    }

    /// <summary>"encoder.convolution (Conv2d): 1.25", or why there is none.</summary>
    public override string ToString() => Value is { } value
        ? string.Create(CultureInfo.InvariantCulture, $"{Name}: {value:g4}{(IsStated ? " (stated)" : "")}")
        : $"{Name}: {Reason}";

    internal static LipschitzBound Of(string path, nn.Module module, long[]? shape) =>
        PartsOf(module) is { } parts
            ? OfParts(path, module.GetType().Name, parts, shape, module is IModuleSequence { PassesInput: true })
            : new LipschitzBound(NameOf(path, module), LayerRules.Of(module, shape), IsForeign(module));

    /// <summary>One of a kind that is bounded elsewhere.</summary>
    internal static LipschitzBound Of(string name, LayerBound bound, bool isStated) => new(name, bound, isStated);

    /// <summary>The parts of a module that applies them one after the other; null of any other.</summary>
    internal static IReadOnlyList<(string Name, nn.Module Module)>? PartsOf(nn.Module module) =>
        module is ILipschitz ? null
        : module is IModuleSequence own ? own.Parts
        : module.GetType() == typeof(Sequential) ? [.. module.named_children()]
        : null;

    /// <summary>The product of the bounds of parts that are applied one after the other.</summary>
    /// <param name="path">Of what they are parts of.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="parts">The parts; none is 1.</param>
    /// <param name="shape">Of an input without its batch; null where it is not known.</param>
    /// <param name="passesInput">Whether the input is added to what comes out: then the bound is 1 more.</param>
    internal static LipschitzBound OfParts(
        string path, string kind, IReadOnlyList<(string Name, nn.Module Module)> parts, long[]? shape, bool passesInput = false)
    {
        List<LipschitzBound> factors = [];
        long[]? next = shape;
        for (int place = 0; place < parts.Count; place++)
        {
            (string name, nn.Module module) = parts[place];
            string inner = path.Length == 0 ? name : $"{path}.{name}";
            LipschitzBound factor;
            if (place + 1 < parts.Count && LayerRules.CanFold(module, parts[place + 1].Module))
            {
                (string normName, nn.Module norm) = parts[++place];
                factor = new LipschitzBound(
                    $"{inner} + {normName} ({module.GetType().Name}, {norm.GetType().Name})", LayerRules.Of(module, next, (BatchNorm)norm));
            }
            else
            {
                factor = Of(inner, module, next);
            }

            factors.Add(factor);
            next = factor.OutputShape;
        }

        string own = path.Length == 0 ? kind : $"{path} ({kind})";
        bool isStated = factors.Exists(factor => factor.IsStated);
        if (factors.Find(factor => factor.Value is null) is { } missing)
        {
            string reason = missing.Reason!.Contains(" has no bound: ", StringComparison.Ordinal)
                ? missing.Reason
                : $"{missing.Name} has no bound: {missing.Reason}";
            return new LipschitzBound(own, LayerBound.None(reason), isStated, passesInput ? null : factors);
        }

        double product = factors.Aggregate(1.0, (all, factor) => all * factor.Value!.Value);
        LayerBound whole = LayerBound.Of(passesInput ? 1 + product : product, next);

        // A sum is no product: such a block is one factor.
        return new LipschitzBound(own, whole, isStated, passesInput || factors.Count == 0 ? null : factors);
    }

    private static string NameOf(string path, nn.Module module) =>
        path.Length == 0 ? module.GetType().Name : $"{path} ({module.GetType().Name})";

    private static bool IsForeign(nn.Module module) =>
        module is ILipschitz && module.GetType().Assembly is var assembly && assembly != typeof(ILipschitz).Assembly
        && assembly.GetName().Name != "ImplicitNet.Models";
}

using System.Globalization;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Gradients;

/// <summary>
/// The Neumann series of (I - J^T)^-1, cut off: <c>w = g + J^T g + ... + (J^T)^Terms g</c>.
/// </summary>
/// <remarks>
/// With no terms it is JFB; with a contraction factor gamma the error falls like gamma^(Terms + 1). Costs one evaluation, and one product
/// with J^T for each term, in the backward pass.
/// </remarks>
public sealed record NeumannGradient : AdjointGradient
{
    /// <summary>Terms beyond g, k; at least 0; default 3.</summary>
    public int Terms
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(Terms), value,
            "The Neumann series needs at least 0 terms.");
    } = 3;

    /// <inheritdoc/>
    protected internal override string Label => string.Create(CultureInfo.InvariantCulture, $"Neumann({Terms})");

    /// <inheritdoc/>
    protected internal override bool NeedsJacobian => Terms > 0;

    /// <inheritdoc/>
    public override Tensor Direction(AdjointContext at)
    {
        if (Terms == 0)
        {
            return at.Gradient;
        }

        // The sum is of rows: in float32 for latents of half precision.
        using DisposeScope scope = NewDisposeScope();
        Linearization linearization = at.Linearization;
        Tensor sum = linearization.Flatten(at.Gradient);
        Tensor term = sum;
        for (int power = 0; power < Terms; power++)
        {
            term = linearization.Flatten(linearization.TransposeProduct(linearization.Restore(term)));
            sum = sum + term;
        }

        return linearization.Restore(sum).alias().MoveToOuterDisposeScope();
    }
}

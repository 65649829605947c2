using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Differentiation;

/// <summary>
/// Products with a Jacobian and its transpose, from autograd. The one place that calls <c>torch.autograd.grad</c>, which
/// ends the whole process when it is given a tensor without a graph.
/// </summary>
public static class VectorProducts
{
    /// <summary><c>J^T v</c>, J = d output / d input.</summary>
    /// <param name="output">Computed from <paramref name="input"/> with gradients enabled.</param>
    /// <param name="input">Any tensor of the graph that requires a gradient.</param>
    /// <param name="vector">v: the shape of <paramref name="output"/>.</param>
    /// <param name="createGraph">True to differentiate the product again.</param>
    /// <returns>The shape of <paramref name="input"/>; zeros where the output does not depend on it. The caller owns it. The graph is kept.</returns>
    /// <exception cref="ArgumentException">A shape differs, or a tensor has no graph.</exception>
    public static Tensor TransposeProduct(Tensor output, Tensor input, Tensor vector, bool createGraph = false)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(vector);
        if (!output.shape.AsSpan().SequenceEqual(vector.shape))
        {
            throw new ArgumentException(
                $"The vector must have the shape of the output, [{string.Join(", ", output.shape)}]. It has [{string.Join(", ", vector.shape)}].", nameof(vector));
        }

        if (!output.requires_grad)
        {
            throw new ArgumentException("The output has no graph: compute it with gradients enabled from an input that requires one.", nameof(output));
        }

        if (!input.requires_grad)
        {
            throw new ArgumentException("The input does not require a gradient.", nameof(input));
        }

#pragma warning disable RS0030 // The guarded wrapper: shapes and graph are checked above.
        Tensor product = autograd.grad([output], [input], [vector], retain_graph: true, create_graph: createGraph, allow_unused: true)[0];
#pragma warning restore RS0030
        return product is null || product.IsInvalid ? zeros_like(input) : product;
    }

    /// <summary>
    /// <c>J v</c>, J = d output / d input, as the derivative of <c>w -> J^T w</c> (which is linear in w) against v.
    /// </summary>
    /// <param name="output">Computed from <paramref name="input"/> with gradients enabled, by operations that can be differentiated twice.</param>
    /// <param name="input">Any tensor of the graph that requires a gradient.</param>
    /// <param name="vector">v: the shape of <paramref name="input"/>.</param>
    /// <returns>The shape of <paramref name="output"/>. The caller owns it. The graph is kept.</returns>
    /// <exception cref="ArgumentException">A shape differs, or a tensor has no graph.</exception>
    public static Tensor Product(Tensor output, Tensor input, Tensor vector)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(vector);
        using DisposeScope scope = NewDisposeScope();
        Tensor dual = zeros_like(output).requires_grad_();
        Tensor transposed = TransposeProduct(output, input, dual, createGraph: true);
        Tensor product = transposed.requires_grad ? TransposeProduct(transposed, dual, vector) : zeros_like(output);
        return product.MoveToOuterDisposeScope();
    }
}

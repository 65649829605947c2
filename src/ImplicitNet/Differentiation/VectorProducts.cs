using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Differentiation;

/// <summary>
/// Products with a Jacobian and its transpose, by autograd. Where autograd cannot give one an exception is thrown, whereas
/// <c>torch.autograd.grad</c> ends the whole process.
/// </summary>
public static class VectorProducts
{
    /// <summary><c>J^T v</c>, J = d output / d input.</summary>
    /// <param name="output">Computed from <paramref name="input"/> with gradients enabled.</param>
    /// <param name="input">Any tensor of the graph that requires a gradient.</param>
    /// <param name="vector">v: the shape of <paramref name="output"/>.</param>
    /// <param name="createGraph">True to differentiate the product again.</param>
    /// <returns>
    /// The shape of <paramref name="input"/>; zeros where the output does not depend on it. The caller owns it. The graph is kept.
    /// </returns>
    /// <exception cref="ArgumentException">A shape differs, or a tensor has no graph.</exception>
    /// <exception cref="InvalidOperationException">
    /// Autograd cannot compute it: a tensor of the graph was changed in place, the graph was freed, or an operation has no such derivative.
    /// </exception>
    public static Tensor TransposeProduct(Tensor output, Tensor input, Tensor vector, bool createGraph = false)
    {
        ArgumentNullException.ThrowIfNull(input);
        Check(output, vector);
        if (!input.requires_grad)
        {
            throw new ArgumentException("The input does not require a gradient.", nameof(input));
        }

        return AutogradDoor.Gradients(output, [input], vector, createGraph)[0] ?? zeros_like(input);
    }

    /// <summary><c>J^T v</c> for several inputs at once: one pass through the graph.</summary>
    /// <param name="output">Computed from the inputs with gradients enabled.</param>
    /// <param name="inputs">Tensors, in the graph or not.</param>
    /// <param name="vector">v: the shape of <paramref name="output"/>.</param>
    /// <param name="createGraph">True to differentiate the products again.</param>
    /// <returns>
    /// One for each input, in its shape; null for one that requires no gradient or that the output does not depend on. The
    /// caller owns them. The graph is kept.
    /// </returns>
    /// <exception cref="ArgumentException">The vector has a different shape, or the output has no graph.</exception>
    /// <exception cref="InvalidOperationException">As for <see cref="TransposeProduct"/>.</exception>
    public static IReadOnlyList<Tensor?> TransposeProducts(
        Tensor output, IReadOnlyList<Tensor> inputs, Tensor vector, bool createGraph = false)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        Check(output, vector);
        if (inputs.Contains(null!))
        {
            throw new ArgumentException("An input is null.", nameof(inputs));
        }

        int[] wanted = [.. Enumerable.Range(0, inputs.Count).Where(position => inputs[position].requires_grad)];
        Tensor?[] products = new Tensor?[inputs.Count];
        if (wanted.Length > 0)
        {
            IReadOnlyList<Tensor?> found = AutogradDoor.Gradients(
                output, [.. wanted.Select(position => inputs[position])], vector, createGraph);
            for (int i = 0; i < wanted.Length; i++)
            {
                products[wanted[i]] = found[i];
            }
        }

        return products;
    }

    /// <summary>
    /// <c>J v</c>, J = d output / d input, as the derivative of <c>w -> J^T w</c> (which is linear in w) against v.
    /// </summary>
    /// <param name="output">
    /// Computed from <paramref name="input"/> with gradients enabled, by operations that can be differentiated twice.
    /// </param>
    /// <param name="input">Any tensor of the graph that requires a gradient.</param>
    /// <param name="vector">v: the shape of <paramref name="input"/>.</param>
    /// <returns>The shape of <paramref name="output"/>. The caller owns it. The graph is kept.</returns>
    /// <exception cref="ArgumentException">A shape differs, or a tensor has no graph.</exception>
    /// <exception cref="InvalidOperationException">
    /// Autograd cannot compute it: a tensor of the graph was changed in place, the graph was freed, or an operation has no such derivative.
    /// </exception>
    public static Tensor Product(Tensor output, Tensor input, Tensor vector)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(vector);
        if (!output.is_floating_point() && !output.is_complex())
        {
            throw new ArgumentException($"The output has no graph: {output.dtype} has no derivatives.", nameof(output));
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor dual = zeros_like(output).requires_grad_();
        Tensor transposed = TransposeProduct(output, input, dual, createGraph: true);
        Tensor product = transposed.requires_grad ? TransposeProduct(transposed, dual, vector) : zeros_like(output);
        return product.MoveToOuterDisposeScope();
    }

    private static void Check(Tensor output, Tensor vector)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(vector);
        if (!output.shape.AsSpan().SequenceEqual(vector.shape))
        {
            throw new ArgumentException(
                $"The vector must have the shape of the output, {TensorCheck.Shape(output)}. It has {TensorCheck.Shape(vector)}.",
                nameof(vector));
        }

        if (!output.requires_grad)
        {
            throw new ArgumentException(
                "The output has no graph: compute it with gradients enabled from an input that requires one.", nameof(output));
        }
    }
}

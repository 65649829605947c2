using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>What a start and the value of a map must be; anything else is refused in one line that names what came.</summary>
internal static class LatentContract
{
    /// <summary>Checks a start and makes it fit for a solve: without a graph, each element in a place of its own.</summary>
    /// <param name="start">What the caller gave; stays unchanged.</param>
    /// <returns>In the caller's dispose scope; may share memory with the start.</returns>
    /// <exception cref="ArgumentException">It is no batch of latents.</exception>
    public static Tensor Start(Tensor start)
    {
        TensorCheck.EnsureBatch(start, nameof(start), "u at the start");
        Tensor detached = start.requires_grad ? start.detach() : start;
        long[] shape = start.shape, strides = start.stride();
        bool isExpanded = shape.Zip(strides).Any(side => side is { First: > 1, Second: 0 });
        return isExpanded ? detached.contiguous() : detached;
    }

    /// <summary>One evaluation of a caller's map, checked; what torch says in it comes out in one line.</summary>
    /// <param name="map">The map.</param>
    /// <param name="latent">u.</param>
    /// <returns>Its value.</returns>
    /// <exception cref="ArgumentException">The map cannot take u, or returned no latent like it.</exception>
    public static Tensor Evaluate(FixedPointMap map, Tensor latent)
    {
        using WithinMap inside = WithinMap.Enter();
        return Mapped(Guarded(map, latent, static (map, latent) => map.Evaluate(latent)), latent);
    }

    /// <summary>Computes a map's value: what torch refuses in that comes out in one line that names u and q.</summary>
    /// <param name="map">The map.</param>
    /// <param name="latent">u.</param>
    /// <param name="value">What to compute; static, so that a step allocates nothing for it.</param>
    /// <exception cref="ArgumentException">Torch refused.</exception>
    public static Tensor Guarded<TMap>(TMap map, Tensor latent, Func<TMap, Tensor, Tensor> value)
        where TMap : FixedPointMap => TorchMessage.Guarded(
            (Map: map, Latent: latent, Value: value),
            static given => given.Value(given.Map, given.Latent),
            static (given, said) => Refusal(given.Latent, given.Map.Inputs.PerSample, said));

    /// <summary>The same of several values, which take more than u to compute.</summary>
    /// <param name="map">The map.</param>
    /// <param name="latent">u.</param>
    /// <param name="by">What else it takes.</param>
    /// <param name="values">What to compute; static.</param>
    /// <exception cref="ArgumentException">Torch refused.</exception>
    public static TValues Guarded<TMap, TBy, TValues>(TMap map, Tensor latent, TBy by, Func<TMap, Tensor, TBy, TValues> values)
        where TMap : FixedPointMap => TorchMessage.Guarded(
            (Map: map, Latent: latent, By: by, Values: values),
            static given => given.Values(given.Map, given.Latent, given.By),
            static (given, said) => Refusal(given.Latent, given.Map.Inputs.PerSample, said));

    /// <summary>
    /// As <see cref="Evaluate"/>, in the graph where gradients are enabled; u stays as it is. A map that the library did not write may
    /// write into its argument (<c>u.mul_(0.5).add_(q)</c>): it is given a copy of u, so that the copy is what it costs.
    /// </summary>
    /// <param name="map">The map.</param>
    /// <param name="latent">u; not changed.</param>
    /// <returns>Its value. In the caller's dispose scope.</returns>
    /// <exception cref="ArgumentException">The map cannot take u, or returned no latent like it.</exception>
    public static Tensor EvaluateCopy(FixedPointMap map, Tensor latent)
    {
        if (map.IsOwn)
        {
            return Evaluate(map, latent);
        }

        // An alias: a map may return a tensor that it keeps, which belongs to another scope.
        using DisposeScope scope = NewDisposeScope();
        return Evaluate(map, latent.clone()).alias().MoveToOuterDisposeScope();
    }

    /// <summary>Zeros to start from.</summary>
    /// <exception cref="ArgumentException">Torch has no such tensor: no memory for it, say.</exception>
    public static Tensor Zeros(long[] shape, ScalarType dtype, Device? device) => TorchMessage.Guarded(
        (Shape: shape, Dtype: dtype, Device: device),
        static given => zeros(given.Shape, given.Dtype, given.Device),
        static (given, said) => new ArgumentException(
            $"There can be no latents of {TensorCheck.Sizes(given.Shape)} {given.Dtype}: {said}", nameof(shape)));

    /// <summary>The inputs of a caller's map, of which none may be missing.</summary>
    /// <exception cref="ArgumentException">One has been disposed.</exception>
    public static MapInputs Inputs(FixedPointMap map)
    {
        IReadOnlyList<Tensor> tensors = map.Inputs.Tensors;
        for (int position = 0; position < tensors.Count; position++)
        {
            if (TensorCheck.IsMissing(tensors[position], out string? fault))
            {
                throw new ArgumentException($"Input {position} of {tensors.Count} of the map {fault}.");
            }
        }

        return map.Inputs;
    }

    /// <summary>Refuses inputs of samples that have not one row for each: a sample that leaves the batch takes its rows with it.</summary>
    /// <param name="map">The map; one that couples its samples never lets any leave.</param>
    /// <param name="latent">u.</param>
    /// <exception cref="ArgumentException">One has another number of rows, or no rows at all.</exception>
    public static void EnsureRows(FixedPointMap map, Tensor latent)
    {
        IReadOnlyList<Tensor> inputs = map.IsPerSample ? Inputs(map).PerSample : [];
        for (int position = 0; position < inputs.Count; position++)
        {
            Tensor input = inputs[position];
            string? fault = TensorCheck.HasFault(input, out string? found) ? found
                : input.ndim > 0 && input.size(0) == latent.size(0) ? null
                : $"belongs to samples and needs one row for each of the {latent.size(0)} of u, {TensorCheck.Describe(latent)}. "
                    + $"Given: {TensorCheck.Describe(input)}. What all samples share is captured, or named in Shared";
            if (fault is not null)
            {
                throw new ArgumentException($"Input {position} of the map {fault}.");
            }
        }
    }

    /// <summary>Checks a step of a caller's solver.</summary>
    /// <param name="step">What it handed out.</param>
    /// <param name="batch">Samples that the iteration has.</param>
    /// <returns>The same.</returns>
    /// <exception cref="InvalidOperationException">It is no step of such a batch.</exception>
    public static FixedPointStep Step(FixedPointStep step, int batch)
    {
        Tensor? value = step.Residual ?? step.Mapped;
        if (step.Latent is null || value is null)
        {
            throw new InvalidOperationException("The solver's step has no latent or no residual.");
        }

        if (step.Latent.ndim == 0 || step.Latent.shape[0] != batch || !value.shape.AsSpan().SequenceEqual(step.Latent.shape))
        {
            throw new InvalidOperationException(
                $"The solver's step must have a latent of {batch} samples and a residual of its shape. "
                + $"They are {TensorCheck.Shape(step.Latent)} and {TensorCheck.Shape(value)}.");
        }

        return step.Rejected.Count is 0 || step.Rejected.Count == batch
            ? step
            : throw new InvalidOperationException(
                $"The solver's step says for {step.Rejected.Count} samples whether they were rejected. There are {batch}.");
    }

    /// <summary>Checks what a map returned.</summary>
    /// <param name="mapped">map(u).</param>
    /// <param name="latent">u.</param>
    /// <returns>The same.</returns>
    /// <exception cref="ArgumentException">It is no latent like u.</exception>
    public static Tensor Mapped(Tensor? mapped, Tensor latent)
    {
        if (TensorCheck.HasFault(mapped, out string? fault))
        {
            throw new ArgumentException($"What the map returned for u, {TensorCheck.Describe(latent)}, {fault}.");
        }

        if (!latent.shape.AsSpan().SequenceEqual(mapped.shape))
        {
            throw new ArgumentException(
                $"The map must keep the shape of u. It was given {TensorCheck.Shape(latent)} and returned {TensorCheck.Shape(mapped)}.");
        }

        if (mapped.dtype != latent.dtype)
        {
            throw new ArgumentException($"The map must keep the dtype of u. It was given {latent.dtype} and returned {mapped.dtype}.");
        }

        return TensorCheck.IsOnDeviceOf(mapped, latent)
            ? mapped
            : throw new ArgumentException(
                $"The map must keep the device of u. It was given one on {latent.device} and returned one on {mapped.device}.");
    }

    /// <summary>Checks what a caller's gradient gave.</summary>
    /// <param name="tensor">That.</param>
    /// <param name="other">What it must be like.</param>
    /// <param name="gradient">The gradient.</param>
    /// <param name="what">What it is, such as "direction".</param>
    /// <param name="otherWhat">What the other is.</param>
    /// <returns>The same.</returns>
    /// <exception cref="InvalidOperationException">Its shape, dtype or device is another, or there is none.</exception>
    public static Tensor Like(Tensor? tensor, Tensor other, Type gradient, string what, string otherWhat)
    {
        if (TensorCheck.HasFault(tensor, out string? fault))
        {
            throw new InvalidOperationException($"The {what} of {gradient.Name} {fault}.");
        }

        return tensor.shape.AsSpan().SequenceEqual(other.shape) && tensor.dtype == other.dtype && TensorCheck.IsOnDeviceOf(tensor, other)
            ? tensor
            : throw new InvalidOperationException(
                $"The {what} of {gradient.Name} must be like {otherWhat}, {TensorCheck.Describe(other)} on {other.device}. "
                + $"It is {TensorCheck.Describe(tensor)} on {tensor.device}.");
    }

    private static ArgumentException Refusal(Tensor latent, IReadOnlyList<Tensor> inputs, string said)
    {
        string[] given = [.. inputs.Where(input => !input.IsInvalid).Select(TensorCheck.Describe)];
        string q = given.Length == 0 ? "" : $", with {(given.Length == 1 ? "q" : "inputs")}, {string.Join(", ", given)}";
        return new ArgumentException($"The map cannot take u, {TensorCheck.Describe(latent)}{q}: {said}");
    }
}

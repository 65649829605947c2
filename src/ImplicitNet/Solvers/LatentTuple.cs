using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>
/// The shape of a latent that consists of several tensors, for example at several scales. Solvers see it as one matrix [batch, n], so every
/// solver works on tuples without knowing it.
/// </summary>
/// <example>
/// <code>
/// LatentTuple tuple = new([32, 16, 16], [64, 8, 8]);
/// using PerSampleMap map = new(u => tuple.Pack(fuse(tuple.Unpack(u))));
/// using FixedPointSolution solution = FixedPoint.Solve(map, tuple.Zeros(batch));
/// Tensor[] scales = tuple.Unpack(solution.Latent);
/// </code>
/// </example>
public sealed class LatentTuple
{
    private readonly long[][] _shapes;
    private readonly long[] _sizes;
    private readonly bool _isChannelsLast;

    /// <summary>Describes a tuple.</summary>
    /// <param name="shapes">The shape of each tensor for one sample, without the batch; at least one, sizes at least 1.</param>
    public LatentTuple(params long[][] shapes)
        : this(shapes, isChannelsLast: false)
    {
    }

    private LatentTuple(long[][] shapes, bool isChannelsLast)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        if (shapes.Length == 0 || shapes.Any(shape => shape is null || shape.Any(size => size < 1)))
        {
            throw new ArgumentException("A tuple needs at least one tensor, and sizes of at least 1.", nameof(shapes));
        }

        _shapes = [.. shapes.Select(shape => shape.ToArray())];
        _sizes = [.. _shapes.Select(shape => shape.Aggregate(1L, (product, size) => checked(product * size)))];
        _isChannelsLast = isChannelsLast;
    }

    /// <summary>
    /// Describes a tuple of images, [batch, channels, height, width] each, that lie with channels last in their row of the matrix, as
    /// convolutions read them fastest: <c>[height, width, channels]</c> of one after the other.
    /// </summary>
    /// <param name="shapes">Of each image of one sample; at least one, sizes at least 1.</param>
    /// <exception cref="ArgumentException">There is none, or a size is below 1.</exception>
    public static LatentTuple OfImages(params IReadOnlyList<(long Channels, long Height, long Width)> shapes)
    {
        ArgumentNullException.ThrowIfNull(shapes);
        return new LatentTuple([.. shapes.Select(shape => (long[])[shape.Channels, shape.Height, shape.Width])], isChannelsLast: true);
    }

    /// <summary>The number of elements of one sample, n.</summary>
    public long Size => _sizes.Sum();

    /// <summary>
    /// The largest of the tensors' root mean squares, <see cref="ResidualNorm.LargestPart"/>: in it a small tensor counts as much as a
    /// large one.
    /// </summary>
    public ResidualNorm Norm => ResidualNorm.LargestPart(_sizes);

    /// <summary>Zeros to start from: [batch, n]. The caller owns it.</summary>
    /// <exception cref="ArgumentException">The batch is negative, or there is no memory for it.</exception>
    public Tensor Zeros(long batch, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        return batch >= 0
            ? LatentContract.Zeros([batch, Size], dtype, device)
            : throw new ArgumentException($"The batch must have at least 0 samples. Given: {batch}.", nameof(batch));
    }

    /// <summary>Joins the tensors of a tuple: one copy, differentiable.</summary>
    /// <param name="parts">One tensor for each shape: [batch, ...].</param>
    /// <returns>[batch, n]. The caller owns it.</returns>
    /// <exception cref="ArgumentException">The number of tensors is wrong, or one has a different shape.</exception>
    public Tensor Pack(params Tensor[] parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.Length != _shapes.Length)
        {
            throw new ArgumentException($"The tuple has {_shapes.Length} tensors. Given: {parts.Length}.", nameof(parts));
        }

        for (int part = 0; part < parts.Length; part++)
        {
            TensorCheck.EnsureBatch(parts[part], nameof(parts), $"Tensor {part} of the tuple", isNumber: false);
            if (!parts[part].shape.AsSpan(1).SequenceEqual(_shapes[part]) || parts[part].shape[0] != parts[0].shape[0])
            {
                throw new ArgumentException(
                    $"Tensor {part} of the tuple must be {TensorCheck.Sizes([parts[0].shape[0], .. _shapes[part]])}. "
                    + $"Given: {TensorCheck.Shape(parts[part])}.",
                    nameof(parts));
            }
        }

        using DisposeScope scope = NewDisposeScope();

        // Counted, since torch infers no size of an empty tensor.
        return cat([.. parts.Select((part, i) => InOrder(part).reshape(part.shape[0], _sizes[i]))], 1).MoveToOuterDisposeScope();
    }

    /// <summary>The tensors of a tuple, as views of the matrix: no copy, differentiable.</summary>
    /// <param name="packed">[batch, n].</param>
    /// <returns>One tensor for each shape: [batch, ...]. The caller owns them.</returns>
    /// <exception cref="ArgumentException">The matrix has a different n.</exception>
    public Tensor[] Unpack(Tensor packed)
    {
        TensorCheck.EnsureBatch(packed, nameof(packed), "The packed tuple", isNumber: false);
        if (packed.ndim != 2 || packed.shape[1] != Size)
        {
            throw new ArgumentException($"A packed tuple is [batch, {Size}]. Given: {TensorCheck.Shape(packed)}.", nameof(packed));
        }

        Tensor[] columns = packed.split(_sizes, 1);
        Tensor[] parts = new Tensor[columns.Length];
        for (int part = 0; part < parts.Length; part++)
        {
            using Tensor column = columns[part];
            parts[part] = _isChannelsLast ? Images(column, _shapes[part])
                : _shapes[part].Length == 0 ? column.squeeze(1) : column.unflatten(1, _shapes[part]);
        }

        return parts;
    }

    private static Tensor Images(Tensor column, long[] shape)
    {
        using Tensor rows = column.unflatten(1, [shape[1], shape[2], shape[0]]);
        return rows.permute(0, 3, 1, 2);
    }

    private Tensor InOrder(Tensor part) => _isChannelsLast ? part.permute(0, 2, 3, 1) : part;
}

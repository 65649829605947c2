using ImplicitNet.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers;

/// <summary>The norm in which a sample's residual is measured, over its whole latent.</summary>
/// <remarks>
/// Norms are measured alike at every scale: no square over- or underflows, a norm is 0 only for zeros, and a row times a power of two has
/// the norm times that power. A norm of your own has to do the same.
/// </remarks>
public abstract record ResidualNorm
{
    /// <summary>The Euclidean norm, <c>sqrt(sum r_i^2)</c>: the norm of the theory, and the default.</summary>
    public static ResidualNorm L2 { get; } = new L2Norm();

    /// <summary>The root mean square, <c>sqrt(mean r_i^2)</c>: independent of the size of the latent.</summary>
    public static ResidualNorm RootMeanSquare { get; } = new RootMeanSquareNorm();

    /// <summary>The largest magnitude, <c>max |r_i|</c>.</summary>
    public static ResidualNorm Max { get; } = new MaxNorm();

    /// <summary>
    /// A weighted largest magnitude, <c>max w_i |r_i|</c>: the norm in which a matrix within its Perron-Frobenius bound contracts.
    /// </summary>
    /// <param name="weights">
    /// w: one for each element of a latent, above 0 and finite. Of a latent with several times as many elements, such as [batch, time, n],
    /// each n in a row have these weights.
    /// </param>
    /// <returns>The norm; it keeps a copy of the weights.</returns>
    /// <exception cref="ArgumentException">There is no weight, or one is not above 0 and finite.</exception>
    public static ResidualNorm Weighted(IReadOnlyList<double> weights) => new WeightedNorm(weights);

    /// <summary>
    /// The largest token, <c>max ||r_t||</c> over the tokens t of a sample, each measured in L2: the norm in which tokens that are mixed by
    /// weights whose rows sum to 1, as those of attention do, get no further apart.
    /// </summary>
    /// <param name="channels">
    /// Elements of a token, at least 1: each so many in a row are one, by the indices of the latent, [batch, tokens, channels].
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">There is no channel.</exception>
    public static ResidualNorm LargestToken(long channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        return new LargestTokenNorm(channels);
    }

    /// <summary>
    /// The largest root mean square among the parts of a latent, <c>max_k sqrt(mean of r_i^2 over part k)</c>: in it a small part, such
    /// as a coarse scale, counts as much as a large one.
    /// </summary>
    /// <param name="sizes">How many elements each part has, one part after the other; at least one, each at least 1.</param>
    /// <returns>The norm of latents of as many elements as all parts together; it keeps a copy of the sizes.</returns>
    /// <exception cref="ArgumentException">There is no part, or one has no element.</exception>
    public static ResidualNorm LargestPart(IReadOnlyList<long> sizes) => new LargestPartNorm(sizes);

    /// <summary>Measures the norm of every row.</summary>
    /// <param name="rows">[batch, n], floating point.</param>
    /// <returns>[batch], float64. NaN or infinity where a row holds NaN or infinity; 0 for n = 0. The caller owns it.</returns>
    public abstract Tensor Measure(Tensor rows);

    /// <summary>Whether the norm is a multiple of the length of the row.</summary>
    internal virtual bool IsOfLength => false;

    /// <summary>Whether the norm is for one pass over memory, part by part: it has few parts, or long ones.</summary>
    internal virtual bool IsForOnePass => IsOfLength;

    /// <summary>Whether the order of the elements counts, which is then that of the latent's indices, not of its memory.</summary>
    internal virtual bool IsOrdered => false;

    /// <summary>
    /// The parts of n elements, one behind the other, where the norm is <c>max w_i ||r_i||</c> over them, each measured in L2; null where
    /// it is none, or not of so many.
    /// </summary>
    internal virtual Part[]? PartsOf(long count) => null;

    /// <summary>Some elements in a row, and w, by which their length is multiplied.</summary>
    internal readonly record struct Part(long Size, double Weight)
    {
        /// <summary>Weighted so that the norm is a root mean square.</summary>
        public static Part Averaged(long size) => new(size, 1 / Math.Sqrt(Math.Max(1, size)));
    }

    private sealed record L2Norm : ResidualNorm
    {
        public override string ToString() => "L2";

        public override Tensor Measure(Tensor rows) => RowNorms.Column(rows).squeeze(1);

        internal override bool IsOfLength => true;

        internal override Part[] PartsOf(long count) => [new(count, 1)];
    }

    private sealed record RootMeanSquareNorm : ResidualNorm
    {
        public override string ToString() => "root mean square";

        public override Tensor Measure(Tensor rows) => RowNorms.Column(rows).squeeze(1) * Part.Averaged(rows.shape[1]).Weight;

        internal override bool IsOfLength => true;

        internal override Part[] PartsOf(long count) => [Part.Averaged(count)];
    }

    private sealed record MaxNorm : ResidualNorm
    {
        public override string ToString() => "maximum";

        public override Tensor Measure(Tensor rows) => Largest(rows.abs());

        internal override Part[] PartsOf(long count) => [.. Enumerable.Repeat(new Part(1, 1), checked((int)count))];
    }

    private sealed record WeightedNorm : ResidualNorm
    {
        private readonly double[] _weights;

        public WeightedNorm(IReadOnlyList<double> weights)
        {
            ArgumentNullException.ThrowIfNull(weights);
            _weights = [.. weights];
            if (_weights.Length == 0 || Array.Exists(_weights, weight => weight is not (> 0 and < double.PositiveInfinity)))
            {
                throw new ArgumentException("A norm needs at least one weight, each above 0 and finite.", nameof(weights));
            }
        }

        public bool Equals(WeightedNorm? other) => other is not null && _weights.AsSpan().SequenceEqual(other._weights);

        public override int GetHashCode() => HashCode.Combine(_weights.Length, _weights[0], _weights[^1]);

        public override string ToString() => "weighted maximum";

        public override Tensor Measure(Tensor rows)
        {
            long count = rows.shape[1];
            Part[] parts = PartsOf(count) ?? throw new ArgumentException(
                $"A norm of {_weights.Length} weights measures latents of as many elements, or a multiple. Given: {count}.", nameof(rows));
            using DisposeScope scope = NewDisposeScope();
            Tensor column = tensor([.. parts.Select(part => part.Weight)], ScalarType.Float64, rows.device);
            return Largest(rows.to(ScalarType.Float64).abs() * column).MoveToOuterDisposeScope();
        }

        internal override bool IsOrdered => true;

        internal override Part[]? PartsOf(long count) => count % _weights.Length == 0
            ? [.. Enumerable.Range(0, checked((int)count)).Select(place => new Part(1, _weights[place % _weights.Length]))]
            : null;
    }

    private sealed record LargestTokenNorm(long Channels) : ResidualNorm
    {
        private const long LongToken = 16;

        public override string ToString() => "largest token";

        public override Tensor Measure(Tensor rows)
        {
            (long batch, long count) = (rows.shape[0], rows.shape[1]);
            if (count % Channels != 0)
            {
                throw new ArgumentException(
                    $"A norm of tokens of {Channels} channels measures latents of so many elements, or a multiple. Given: {count}.",
                    nameof(rows));
            }

            using DisposeScope scope = NewDisposeScope();
            long tokens = count / Channels;
            Tensor lengths = RowNorms.Column(rows.reshape(batch * tokens, Channels)).reshape(batch, tokens);
            return Largest(lengths).MoveToOuterDisposeScope();
        }

        internal override bool IsOrdered => true;

        internal override bool IsForOnePass => Channels >= LongToken;

        internal override Part[]? PartsOf(long count) =>
            count % Channels == 0 ? [.. Enumerable.Repeat(new Part(Channels, 1), checked((int)(count / Channels)))] : null;
    }

    private sealed record LargestPartNorm : ResidualNorm
    {
        private readonly long[] _sizes;

        public LargestPartNorm(IReadOnlyList<long> sizes)
        {
            ArgumentNullException.ThrowIfNull(sizes);
            _sizes = [.. sizes];
            if (_sizes.Length == 0 || Array.Exists(_sizes, size => size < 1))
            {
                throw new ArgumentException("A norm of parts needs at least one part, each of at least one element.", nameof(sizes));
            }
        }

        public bool Equals(LargestPartNorm? other) => other is not null && _sizes.AsSpan().SequenceEqual(other._sizes);

        public override int GetHashCode() => HashCode.Combine(_sizes.Length, _sizes[0], _sizes[^1]);

        public override string ToString() => "largest root mean square of a part";

        public override Tensor Measure(Tensor rows)
        {
            if (PartsOf(rows.shape[1]) is null)
            {
                throw new ArgumentException(
                    $"A norm of parts of [{string.Join(", ", _sizes)}] elements measures latents of {_sizes.Sum()}. "
                        + $"Given: {rows.shape[1]}.",
                    nameof(rows));
            }

            using DisposeScope scope = NewDisposeScope();
            Tensor[] parts = rows.split(_sizes, 1);
            Tensor[] columns = [.. parts.Select((part, place) => RowNorms.Column(part) * Part.Averaged(_sizes[place]).Weight)];
            return cat(columns, 1).amax([1]).MoveToOuterDisposeScope();
        }

        internal override bool IsOrdered => true;

        internal override bool IsForOnePass => true;

        internal override Part[]? PartsOf(long count) =>
            count == _sizes.Sum() ? [.. _sizes.Select(Part.Averaged)] : null;
    }

    private static Tensor Largest(Tensor magnitudes) => magnitudes.shape[1] == 0
        ? zeros(magnitudes.shape[0], ScalarType.Float64, magnitudes.device)
        : magnitudes.amax([1]).to(ScalarType.Float64);
}

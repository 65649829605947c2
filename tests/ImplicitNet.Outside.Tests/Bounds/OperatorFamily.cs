using ImplicitNet.Operators;
using ImplicitNet.Outside.Tests.Own;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Bounds;

/// <summary>Operators whose norm the library bounds: a new kind is one line in <see cref="All"/>. One kind by itself: <c>bounds strided</c>.</summary>
internal static class OperatorFamily
{
    private const string OfLinear = "linear";
    private const string OfImages = "convolution";
    private const string OfSequences = "convolution-1d";
    private const string OfStrided = "strided";
    private const string OfTransposed = "transposed";
    private const string OfTokens = "attention";
    private const string OfParts = "composition";
    private const string OfUsers = "own";

    /// <summary>The kind of each, how it is drawn, and whether its dtype may be refused.</summary>
    public static readonly IReadOnlyList<(string Kind, Func<Random, ClaimedOperator> Draw, bool MayBeRefused)> All =
    [
        .. InEveryDtype(OfLinear, (random, dtype) => OfLayer(random, Linear(random, dtype))),
        .. InEveryDtype(OfImages, (random, dtype) => OfLayer(random, Convolution(random, dtype, isFixed: true))),
        .. InEveryDtype(OfImages, (random, dtype) => OfLayer(random, Convolution(random, dtype, isFixed: false))),
        .. InEveryDtype(OfSequences, (random, dtype) => OfLayer(random, Sequence(random, dtype))),
        .. InEveryDtype(OfStrided, (random, dtype) => OfLayer(random, Strided(random, dtype, isTransposed: false))),
        .. InEveryDtype(OfTransposed, (random, dtype) => OfLayer(random, Strided(random, dtype, isTransposed: true))),
        .. InEveryDtype(OfTokens, OfAttention),
        (OfParts, random => OfComposition(random, ScalarType.Float32), false),
        (OfParts, random => OfComposition(random, ScalarType.Float64), false),
        (OfUsers, random => OfLayer(random, Symmetric(random, ScalarType.Float32)), false),
        (OfUsers, random => OfLayer(random, Symmetric(random, ScalarType.Float64)), false),
        (OfUsers, random => OfContraction(random, Symmetric(random, ScalarType.Float64)), false),
        .. WellPosedFamily.All.Select(entry => (WellPosedFamily.Name, entry.Draw, entry.MayBeRefused)),
        .. RestorationFamily.All.Select(entry => (RestorationFamily.Name, entry.Draw, entry.MayBeRefused)),
        (OfLinear, random => OfContraction(random, Linear(random, ScalarType.Float32, isSquare: true)), false),
        (OfLinear, random => OfContraction(random, Linear(random, ScalarType.Float64, isSquare: true)), false),
        (OfImages, random => OfContraction(random, Convolution(random, ScalarType.Float32, random.OneIn(2), isSquare: true)), false),
        (OfImages, random => OfContraction(random, Convolution(random, ScalarType.Float64, random.OneIn(2), isSquare: true)), false),
        (OfSequences, random => OfContraction(random, Sequence(random, ScalarType.Float32, isSquare: true)), false),
    ];

    /// <summary>In float32, float64, and a half precision that may be refused.</summary>
    private static IEnumerable<(string Kind, Func<Random, ClaimedOperator> Draw, bool MayBeRefused)> InEveryDtype(
        string kind, Func<Random, ScalarType, ClaimedOperator> draw) =>
    [
        (kind, random => draw(random, ScalarType.Float32), false),
        (kind, random => draw(random, ScalarType.Float64), false),
        (kind, random => draw(random, random.OneIn(2) ? ScalarType.Float16 : ScalarType.BFloat16), true),
    ];

    /// <summary>Planted: claims nine tenths of the norm of an honest layer.</summary>
    public static ClaimedOperator Lying(Random random)
    {
        ClaimedOperator honest = OfLayer(random, Linear(random, ScalarType.Float64));
        return honest with { Claims = [("planted", honest.Matrix.Norm() * 0.9)], Matrix = honest.Matrix };
    }

    private static (BoundedLayer Layer, long[] Input, Func<double[], PlainOperator> Matrix) Linear(
        Random random, ScalarType dtype, bool isSquare = false)
    {
        int inputs = random.Next(1, random.OneIn(5) ? 65 : 17), outputs = isSquare ? inputs : random.Next(1, random.OneIn(5) ? 65 : 17);
        return (new BoundedLinear(inputs, outputs, dtype), [1, inputs], weight => PlainOperator.OfMatrix(weight, outputs, inputs));
    }

    private static (BoundedLayer Layer, long[] Input, Func<double[], PlainOperator> Matrix) Symmetric(Random random, ScalarType dtype)
    {
        int size = random.Next(2, 17);
        return (
            new BoundedSymmetric(size, dtype),
            [1, size],
            weight => PlainOperator.OfMatrix(
                [.. weight.Select((element, place) => element + weight[(place % size * size) + (place / size)])], size, size));
    }

    private static (BoundedLayer Layer, long[] Input, Func<double[], PlainOperator> Matrix) Convolution(
        Random random, ScalarType dtype, bool isFixed, bool isSquare = false)
    {
        int inputs = random.Next(1, 5), outputs = isSquare ? inputs : random.Next(1, 5), side = random.Pick([1, 3, 3, 3, 5, 5, 7]);
        int most = random.OneIn(6) ? 13 : 6;
        (int height, int width) = (random.Next(1, most), random.Next(1, most));
        return (
            new BoundedConvolution(inputs, outputs, side, isFixed ? (height, width) : null, dtype),
            [1, inputs, height, width],
            weight => PlainOperator.OfKernel(weight, outputs, inputs, side, height, width));
    }

    private static (BoundedLayer Layer, long[] Input, Func<double[], PlainOperator> Matrix) Sequence(
        Random random, ScalarType dtype, bool isSquare = false)
    {
        int inputs = random.Next(1, 6), outputs = isSquare ? inputs : random.Next(1, 6), side = random.Pick([1, 3, 3, 5, 7, 9, 31]);
        int length = random.Next(1, random.OneIn(4) ? 30 : 12);
        return (
            new BoundedConvolution1d(inputs, outputs, side, random.OneIn(2) ? length : null, dtype),
            [1, inputs, length],
            weight => PlainOperator.OfKernel(weight, outputs, inputs, (1, side), 1, length, stride: 1));
    }

    private static (BoundedLayer Layer, long[] Input, Func<double[], PlainOperator> Matrix) Strided(
        Random random, ScalarType dtype, bool isTransposed)
    {
        int larger = random.Next(1, 4), smaller = random.Next(1, 5), side = random.Pick([1, 3, 3, 3, 5, 7]), stride = random.Pick([1, 2, 2, 2, 3, 4]);
        (int height, int width) = (random.Next(1, 8), random.Next(1, 8));
        PlainOperator Down(double[] weight) => PlainOperator.OfKernel(weight, smaller, larger, (side, side), height, width, stride);
        if (!isTransposed)
        {
            (int, int)? size = random.OneIn(2) ? (height, width) : null;
            return (new BoundedStridedConvolution(larger, smaller, side, stride, size, dtype), [1, larger, height, width], Down);
        }

        // Without a size the larger images are stride times the smaller.
        bool isFixed = random.OneIn(2) || height % stride != 0 || width % stride != 0;
        return (
            new BoundedTransposedConvolution(smaller, larger, side, stride, isFixed ? (height, width) : null, dtype),
            [1, smaller, (height + stride - 1) / stride, (width + stride - 1) / stride],
            weight => Down(weight).Transposed());
    }

    /// <summary>Down, across with something passed on, and up again, in a contraction: the matrix of the whole, and its bound.</summary>
    private static ClaimedOperator OfComposition(Random random, ScalarType dtype)
    {
        int channels = random.Next(1, 4), inner = random.Next(1, 5), stride = random.Pick([1, 2, 3]);
        (int height, int width) = (random.Next(1, 8), random.Next(1, 8));
        (int lower, int narrower) = ((height + stride - 1) / stride, (width + stride - 1) / stride);
        double share = random.OneIn(3) ? 1 : random.Between(0.01, 1), gamma = random.Between(0.01, 0.999);
        BoundedStridedConvolution down = new(channels, inner, 3, stride, random.OneIn(2) ? (height, width) : null, dtype);
        BoundedConvolution across = new(inner, inner, 3, random.OneIn(2) ? (lower, narrower) : null, dtype);
        BoundedTransposedConvolution up = new(inner, channels, 3, stride, (height, width), dtype);
        BoundedLayer[] layers = [down, across, up];
        string name = string.Join(", ", layers.Select(layer => Fill(random, layer)));
        BoundedSequence sequence = new([down, new BoundedResidual(across, share), up]);
        ContractionOperator contraction = new(sequence, gamma, LatentActivation.LeakyRelu(1));
        Tensor q = zeros([1, channels, height, width], dtype);
        FixedPointMap map = contraction.Bind(q);
        double[][] weights = [.. map.Inputs.Shared.Select(Numbers)];
        PlainOperator first = PlainOperator.OfKernel(weights[0], inner, channels, (3, 3), height, width, stride);
        PlainOperator middle = PlainOperator.OfKernel(weights[2], inner, inner, 3, lower, narrower).Averaged(share, weights[1][0]);
        PlainOperator last = PlainOperator.OfKernel(weights[3], inner, channels, (3, 3), height, width, stride).Transposed();
        return new ClaimedOperator(
            $"contraction by {gamma:r} of a sequence, share {share:r}, stride {stride}, {height} x {width}, {dtype}, weights {name}",
            [("certified", contraction.CertifyFactor()), ("declared", gamma)],
            last.After(middle.After(first)))
        {
            Apply = input => map.Evaluate(input),
            InputShape = q.shape,
            Dtype = dtype,

            // Where the parts cancel, what is measured is their rounding; each has a norm of 1 at most.
            LowerBounds =
            [
                ("measured", Contraction.Measure(map, q)[0] - BoundJudge.Unit(dtype, 100)),
                ("secant", Secant(random, map, q, contraction.Norm) - BoundJudge.Unit(dtype, 100)),
            ],
        };
    }

    /// <summary>Attention, or any other weights between tokens, of any sign and size.</summary>
    private static ClaimedOperator OfAttention(Random random, ScalarType dtype)
    {
        int heads = random.Next(1, 4), channels = heads * random.Next(1, 4), tokens = random.Next(1, 8);
        double gamma = random.Between(0.01, 0.999);
        BoundedLinear layer = new(channels, channels, dtype);
        string weight = Fill(random, layer);
        (string kind, Func<Random, int, int, double[]> draw) = random.Pick([.. WeightFamily.All.Where(entry => entry.Name != "not finite")]);
        nn.Module<Tensor, Tensor> weights = random.OneIn(2) && dtype is ScalarType.Float32 or ScalarType.Float64
            ? new AttentionWeights(channels, heads, random.Next(5), dtype)
            : new Given(tensor(draw(random, heads * tokens, tokens), [1, heads, tokens, tokens]));
        AttentionOperator attention = new(layer, weights, gamma, LatentActivation.LeakyRelu(1));
        double scale = random.Pick([0, 1, 30]);
        Tensor q = tensor(random.Numbers(tokens * channels, random.Normal), [1, tokens, channels]).to(dtype) * scale;
        FixedPointMap map = attention.Bind(q);
        double[] mixing = Numbers(map.Inputs.PerSample[1]), product = Numbers(map.Inputs.Shared[0]);
        int size = tokens * channels, share = channels / heads;
        double[] elements = new double[size * size];
        for (int place = 0; place < elements.Length; place++)
        {
            ((int to, int output), (int from, int input)) =
                (Math.DivRem(place / size, channels), Math.DivRem(place % size, channels));
            elements[place] = mixing[(((output / share * tokens) + to) * tokens) + from] * product[(output * channels) + input];
        }

        return new ClaimedOperator(
            $"attention by {gamma:r} of {channels} channels, {heads} heads, {tokens} tokens, {dtype}, {weights.GetName()} {kind}, weight {weight}",
            [("certified", attention.CertifyFactor()), ("declared", gamma)],
            PlainOperator.OfMatrix(elements, size, size))
        {
            Apply = input => map.Evaluate(input) - q,
            Added = q.to(ScalarType.Float64).norm().ToDouble(),
            InputShape = q.shape,
            Dtype = dtype,
            LowerBounds = [("measured", Contraction.Measure(map, q)[0])],
        };
    }

    private sealed class Given(Tensor weights) : nn.Module<Tensor, Tensor>(nameof(Given))
    {
        public override Tensor forward(Tensor input) => weights.alias();
    }

    /// <summary>Gives a layer a weight of some kind.</summary>
    private static string Fill(Random random, BoundedLayer layer) => Fill(random, layer.parameters().Single());

    public static string Fill(Random random, Parameter weight)
    {
        (string name, Func<Random, int, int, double[]> draw) = random.Pick(WeightFamily.All);
        int rows = (int)weight.shape[0], columns = (int)(weight.numel() / rows);
        using IDisposable noGraph = no_grad();
        using Tensor values = tensor(draw(random, rows, columns), weight.shape).to(weight.dtype);
        weight.copy_(values);
        return name;
    }

    private static string Name(BoundedLayer layer, long[] input, string weight)
    {
        Parameter parameter = layer.parameters().Single();
        return $"{layer.GetName()} [{string.Join(", ", parameter.shape)}] {parameter.dtype} on [{string.Join(", ", input)}], weight {weight}";
    }

    private static double[] Applied(BoundedLayer layer)
    {
        using Tensor weight = layer.NormalizedWeight();
        return Numbers(weight);
    }

    public static double[] Numbers(Tensor weight)
    {
        using Tensor wide = weight.detach().to(ScalarType.Float64).contiguous();
        return [.. wide.data<double>()];
    }

    public static ClaimedOperator OfLayer(Random random, (BoundedLayer Layer, long[] Input, Func<double[], PlainOperator> Matrix) drawn)
    {
        BoundedLayer layer = drawn.Layer;
        if (random.OneIn(3))
        {
            // A weight that was in use before: its bound must not be taken for that of the next.
            Fill(random, layer);
            _ = Applied(layer);
        }

        string weight = Fill(random, layer);
        Parameter parameter = layer.parameters().Single();
        bool inTraining = random.OneIn(2);
        using IDisposable mode = inTraining ? enable_grad() : no_grad();
        double certified = layer.CertifyNorm();
        return new ClaimedOperator(
            Name(layer, drawn.Input, weight),
            [("certified", certified), ("promised", 1)],
            drawn.Matrix(Applied(layer)))
        {
            Apply = layer.call,
            InputShape = drawn.Input,
            Dtype = parameter.dtype,
            Norm = layer.Norm,
        };
    }

    public static ClaimedOperator OfContraction(
        Random random, (BoundedLayer Layer, long[] Input, Func<double[], PlainOperator> Matrix) drawn)
    {
        string weight = Fill(random, drawn.Layer);
        Parameter parameter = drawn.Layer.parameters().Single();
        double gamma = random.OneIn(2) ? random.NextDouble() : random.Pick([1e-6, 0.5, 0.9, 0.999999]);
        using ContractionOperator contraction = new(drawn.Layer, gamma, LatentActivation.LeakyRelu(1));
        using Tensor q = zeros(drawn.Input, parameter.dtype);
        using FixedPointMap map = contraction.Bind(q);

        // The weight as the solve applies it: bounded, times gamma, rounded.
        PlainOperator matrix = drawn.Matrix(Numbers(map.Inputs.Shared[^1]));
        double measured = Contraction.Measure(map, q, norm: contraction.Norm)[0];
        double secant = Secant(random, map, q, contraction.Norm);
        return new ClaimedOperator(
            $"contraction by {gamma:r} of {Name(drawn.Layer, drawn.Input, weight)}",
            [("certified", contraction.CertifyFactor()), ("declared", contraction.DeclaredFactor)],
            matrix)
        {
            Dtype = parameter.dtype,
            Norm = contraction.Norm,
            LowerBounds = [("measured", measured), ("secant", secant)],
        };
    }

    /// <summary>||R(u) - R(v)|| / ||u - v|| for some u and v.</summary>
    public static double Secant(Random random, FixedPointMap map, Tensor q, ResidualNorm norm)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor u = tensor(random.Numbers((int)q.numel(), random.Normal), q.shape).to(q.dtype);
        Tensor v = random.OneIn(2) ? zeros_like(u) : u * -1;
        Tensor apart = map.Evaluate(u) - map.Evaluate(v);
        return norm.Measure(apart.reshape(1, -1)).ToDouble() / norm.Measure((u - v).reshape(1, -1)).ToDouble();
    }
}

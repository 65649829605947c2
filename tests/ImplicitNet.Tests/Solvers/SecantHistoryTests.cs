using ImplicitNet.Solvers;
using ImplicitNet.Solvers.Anderson;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>The pass over memory does what torch's operations do, step by step, with steps taken back and samples that leave.</summary>
public sealed class SecantHistoryTests : TensorTest
{
    public static MatrixTheoryData<int, int, bool, bool> Cases => new([1, 2, 5], [1, 7, 64, 259], [true, false], [true, false]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void On_the_processor_it_is_what_torch_computes(int memory, int size, bool isFloat, bool isTypeOne)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        ScalarType dtype = isFloat ? ScalarType.Float32 : ScalarType.Float64;
        double rounding = isFloat ? 2e-5 : 1e-13;
        AndersonSolver options = new() { Memory = memory, Mixing = 0.7, Variant = isTypeOne ? AndersonVariant.TypeOne : AndersonVariant.TypeTwo };
        Tensor latent = randn(6, size, dtype);
        using SecantHistory own = SecantHistory.Of(latent, options);
        using TensorSecantHistory torchs = new(options);
        Assert.IsNotType<TensorSecantHistory>(own);
        Script ofOwn = new(6), ofTorch = new(6);
        for (int step = 0; step < 9; step++)
        {
            Tensor before = latent.clone();
            Tensor mapped = randn_like(latent);
            (Tensor next, bool[] rejected) = own.Advance(latent, mapped, ofOwn.Choices);
            (Tensor expected, bool[] expectedRejected) = torchs.Advance(latent, mapped, ofTorch.Choices);
            Assert.True(latent.equal(before).all().ToBoolean(), "the iterate belongs to the loop");
            Assert.Equal(expectedRejected, rejected);
            Assert.InRange((next - expected).abs().max().ToDouble(), 0, 10 * rounding * expected.abs().max().ToDouble());
            Assert.Equal(ofTorch.Seen.Count, ofOwn.Seen.Count);
            Assert.All(ofTorch.Seen.Zip(ofOwn.Seen), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, rounding * size * 10));
            latent = expected;
            if (step == 5)
            {
                int[] rows = [4, 1, 2];
                Tensor kept = tensor(rows, dtype: ScalarType.Int64);
                own.Restrict(kept);
                torchs.Restrict(kept);
                ofOwn.Keep(rows);
                ofTorch.Keep(rows);
                latent = latent.index_select(0, kept);
            }
        }
    }

    [Fact]
    public void A_sample_that_is_not_finite_changes_no_other()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        AndersonSolver options = new() { Memory = 2 };
        Tensor latent = randn(3, 9);
        using SecantHistory clean = SecantHistory.Of(latent, options);
        using SecantHistory spoilt = SecantHistory.Of(latent, options);
        for (int step = 0; step < 5; step++)
        {
            Tensor mapped = randn_like(latent);
            (Tensor expected, _) = clean.Advance(latent, mapped, new Script(3).Choices);
            Tensor withNaN = mapped.clone();
            withNaN[1, 4] = double.NaN;
            (Tensor next, _) = spoilt.Advance(latent, withNaN, new Script(3).Choices);
            Assert.True(next[0].equal(expected[0]).all().ToBoolean() && next[2].equal(expected[2]).all().ToBoolean());
            latent = expected;
        }
    }

    /// <summary>
    /// Takes any coefficients, takes some steps back, and separates some differences; notes all that it is told of differences that are not forgotten. Sample by sample,
    /// since samples may come from several threads.
    /// </summary>
    private sealed class Script(int samples)
    {
        private readonly List<Sample> _finished = [];
        private Sample[] _samples = [.. Enumerable.Range(0, samples).Select(number => new Sample(number))];

        public IReadOnlyList<double> Seen => [.. _finished.Concat(_samples).SelectMany(sample => sample.Seen)];

        public IReadOnlyList<ISecantChoice> Choices => _samples;

        public void Keep(int[] kept)
        {
            _finished.AddRange(_samples.Where((_, position) => !kept.Contains(position)));
            _samples = [.. kept.Select(sample => _samples[sample])];
        }

        private sealed class Sample(int number) : ISecantChoice
        {
            private readonly HashSet<int> _filled = [];
            private int _asked = number;

            public List<double> Seen { get; } = [];

            public void Begin(double norm) => Seen.Add(norm);

            public SecantStep Choose(in SecantProducts products, Span<double> gamma, Span<double> overlaps)
            {
                _asked++;
                Seen.Add(products.Norm);
                if (_asked % 7 == 3)
                {
                    _filled.Clear();
                    return new SecantStep { IsKept = false, Mixing = 0.3 };
                }

                if (_asked % 7 == 5)
                {
                    _filled.Remove(products.Newest);
                    return new SecantStep { IsKept = false, Mixing = 0.3, Share = 0.25 };
                }

                _filled.Add(products.Newest);
                foreach (int slot in _filled.Order())
                {
                    gamma[slot] = Math.Sin(_asked + slot);
                    Seen.AddRange([products.TestsByNew[slot], products.TestsByResidual[slot], products.NewByResiduals[slot]]);
                }

                int newest = products.Newest;
                if (_asked % 3 == 0)
                {
                    foreach (int slot in _filled.Except([newest]))
                    {
                        overlaps[slot] = Math.Cos(_asked + slot) / 4;
                    }
                }

                return new SecantStep { IsKept = true, Mixing = 0.5 + (0.1 * (_asked % 4)) };
            }
        }
    }
}

using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class TorusFrequenciesTests : TensorTest
{
    [Theory]
    [InlineData(10, 10, 3)]
    [InlineData(9, 6, 3)]
    [InlineData(5, 8, 5)]
    [InlineData(7, 7, 1)]
    [InlineData(1, 2, 1)]
    public void Half_the_frequencies_have_the_singular_values_of_all(int height, int width, int kernelSize)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(height * width);
        Tensor kernel = randn([2, 3, kernelSize, kernelSize], ScalarType.Float64);
        TorusFrequencies frequencies = new((height, width), kernelSize);
        Tensor half = frequencies.Symbols(kernel);
        Tensor all = fft.fft2(kernel, [height, width]).permute(2, 3, 0, 1).flatten(0, 1);

        // Frequencies that are their own conjugates: those of which both parts are 0 or half the side.
        int own = (height % 2 == 0 ? 2 : 1) * (width % 2 == 0 ? 2 : 1);
        Assert.Equal(((height * width) + own) / 2, frequencies.Count);
        Assert.Equal(frequencies.Count, half.shape[0]);
        double[] ofAll = Sorted(all).Distinct(new Near()).ToArray();
        double[] ofHalf = Sorted(half).Distinct(new Near()).ToArray();
        Assert.Equal(ofAll.Length, ofHalf.Length);
        Assert.All(ofAll.Zip(ofHalf), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
        for (int index = 0; index < frequencies.Count; index++)
        {
            Assert.InRange((frequencies.Symbol(kernel, index) - half[index]).abs().max().ToDouble(), 0, 1e-12);
        }
    }

    private static double[] Sorted(Tensor symbols) => [.. linalg.svdvals(symbols).amax([1]).data<double>().ToArray().Order()];

    private sealed class Near : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => Math.Abs(x - y) < 1e-9;

        public int GetHashCode(double obj) => 0;
    }
}

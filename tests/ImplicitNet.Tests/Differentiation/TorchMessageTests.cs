using System.Runtime.InteropServices;
using ImplicitNet.Differentiation;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Differentiation;

/// <summary>What torch throws becomes one line, in one place, which costs a solver's step nothing.</summary>
public sealed class TorchMessageTests : TensorTest
{
    [Fact]
    public void A_map_that_is_called_by_itself_says_in_one_line_what_it_was_given()
    {
        using DisposeScope scope = NewDisposeScope();
        using ContractionOperator contraction = new(new BoundedLinear(3, 3), 0.5);
        FixedPointMap[] maps =
        [
            new PerSampleMap((u, q) => u + q, ones(2, 3)), new CoupledMap((u, inputs) => u + inputs.PerSample[0], new MapInputs { PerSample = [ones(2, 3)] }),
            contraction.Bind(ones(2, 3)),
        ];
        foreach (FixedPointMap map in maps)
        {
            string message = Assert.Throws<ArgumentException>(() => map.Evaluate(ones(4, 5))).Message;
            Assert.StartsWith("The map cannot take u, [4, 5] Float32, with q, [2, 3] Float32: ", message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
            Assert.DoesNotContain("frame #", message, StringComparison.Ordinal);
            map.Dispose();
        }
    }

    [Fact]
    public void A_guarded_evaluation_allocates_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor u = ones(2, 3);
        using PerSampleMap alone = new((_, q) => q, u);
        using CoupledMap coupled = new(latent => latent);
        foreach (FixedPointMap map in new FixedPointMap[] { alone, coupled })
        {
            map.Evaluate(u);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int step = 0; step < 100; step++)
            {
                map.Evaluate(u);
            }

            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    [Fact]
    public void Only_what_torch_throws_is_said_in_other_words()
    {
        using DisposeScope scope = NewDisposeScope();
        string told = TorchMessage.Told(Assert.Throws<ExternalException>(() => ones(2, 3) + ones(4, 5))).Message;
        Assert.StartsWith("Torch refuses: The size of tensor a (3) must match", told, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', told);
        NotSupportedException other = new("two\nlines");
        Assert.Same(other, TorchMessage.Told(other));
        Assert.Same(other, Assert.Throws<NotSupportedException>(() => TorchMessage.Guarded<int>(() => throw other)));
    }

    /// <summary>Modules that look at shapes themselves, and do not say what they were given; one of the caller's says what it likes.</summary>
    [Fact]
    public void What_a_module_of_torch_refuses_by_itself_is_said_with_what_it_was_given()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = new(nn.Conv2d(1, 2, 3), new ContractionOperator(new BoundedConvolution(2, 2), 0.5), new Refusing());
        Tensor wrong = zeros(2, 3, 8, 8), right = zeros(2, 1, 8, 8);
        string message = Assert.Throws<ArgumentException>(() => network.call(wrong)).Message;
        Assert.StartsWith("The encoder cannot take [2, 3, 8, 8] Float32: Expected 3D", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Equal("mine", Assert.Throws<ArgumentException>(() => network.call(right)).Message);
    }

    [Fact]
    public void Nothing_else_catches_what_torch_throws()
    {
        string source = Path.Combine(SharedData.RepositoryRoot, "src", "ImplicitNet");
        string[] catching = [.. Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(path => File.ReadAllText(path).Contains("ExternalException", StringComparison.Ordinal))
            .Select(path => Path.GetFileName(path))];
        Assert.Equal(["TorchMessage.cs"], catching);
    }

    private sealed class Refusing() : nn.Module<Tensor, Tensor>(nameof(Refusing))
    {
        public override Tensor forward(Tensor input) => throw new ArgumentException("mine");
    }
}

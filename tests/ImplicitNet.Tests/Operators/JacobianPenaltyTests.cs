using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Certification;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

public sealed class JacobianPenaltyTests : TensorTest
{
    [Fact]
    public void It_is_an_estimate_of_the_Frobenius_norm_over_n()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(91);
        Tensor jacobian = randn([4, 4], ScalarType.Float64);
        using PerSampleMap map = new(u => u.mm(jacobian.t()));
        Tensor found = new JacobianPenalty { Weight = 2, Probes = 4000 }.Estimate(map, zeros(3, 4, ScalarType.Float64));
        double expected = 2 * jacobian.square().sum().ToDouble() / 4;
        Assert.Equal([3L], found.shape);
        Assert.All(found.data<double>().ToArray(), value => Assert.Equal(expected, value, 0.1 * expected));
    }

    [Fact]
    public void Its_gradient_reaches_the_weights_and_is_that_of_a_difference()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor point = randn([2, 3], ScalarType.Float64);
        Tensor weight = randn([3, 3], ScalarType.Float64).requires_grad_();
        double Value(Tensor w)
        {
            random.manual_seed(92);
            using PerSampleMap map = new((u, inputs) => u.mm(inputs.Shared[0]).tanh(), new MapInputs { Shared = [w.alias()], Parameters = [] });
            Tensor sum = new JacobianPenalty().Estimate(map, point).sum();
            if (w.requires_grad)
            {
                sum.backward();
            }

            return sum.ToDouble();
        }

        Value(weight);
        Tensor step = zeros_like(weight);
        step[1, 2] = 1e-6;
        using (no_grad())
        {
            Assert.Equal((Value((weight + step).detach()) - Value((weight - step).detach())) / 2e-6, weight.grad![1, 2].ToDouble(), 1e-7);
        }
    }

    [Fact]
    public void A_network_gives_one_for_each_sample_only_when_asked_and_with_gradients()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(93);
        using ImplicitNetwork network = SmallNetwork.Create(0.8);
        Tensor data = randn([3, 3], ScalarType.Float64);
        using (ImplicitResult plain = network.Run(data))
        {
            Assert.Null(plain.Penalties);
        }

        using (no_grad())
        using (ImplicitResult without = network.Run(data, penalty: new JacobianPenalty()))
        {
            Assert.Null(without.Penalties);
        }

        using ImplicitResult result = network.Run(data, penalty: new JacobianPenalty());
        Assert.Equal([3L], result.Penalties!.shape);
        result.Penalties.sum().backward();
        Assert.NotEqual(0, network.Layer.parameters().First().grad!.abs().sum().ToDouble());
    }

    [Fact]
    public void Bad_options_and_coupled_maps_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.Throws<ArgumentOutOfRangeException>(() => new JacobianPenalty { Weight = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new JacobianPenalty { Weight = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new JacobianPenalty { Probes = 0 });
        using CoupledMap coupled = new(u => u * 0.5);
        Assert.Throws<InvalidOperationException>(() => new JacobianPenalty().Estimate(coupled, zeros(2, 2)));
        Assert.Equal((0.1, 1), (new JacobianPenalty().Weight, new JacobianPenalty().Probes));
    }
}

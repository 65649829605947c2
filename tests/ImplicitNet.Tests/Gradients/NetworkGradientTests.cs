using System.Diagnostics;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>Every gradient as a user meets it: through a network and a plain <c>loss.backward()</c>.</summary>
public sealed class NetworkGradientTests : TensorTest
{
    public static TheoryData<string> Modes => GradientCases.Names;

    [Theory]
    [MemberData(nameof(Modes))]
    public void The_gradient_is_the_same_in_training_and_evaluation_mode(string mode)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Small(mode);
        Tensor data = Data(3);
        network.train();
        Tensor[] training = Gradients(network, data);
        network.eval();
        Tensor[] evaluation = Gradients(network, data);
        AssertClose(training, evaluation);
        Assert.All(training, gradient => Assert.NotEqual(0, gradient.abs().sum().ToDouble()));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Gradients_accumulate_over_batches_and_over_uses_in_one_graph(string mode)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Small(mode);
        Tensor first = Data(2);
        Tensor second = Data(3);
        network.call(first).square().sum().backward();
        network.call(second).square().sum().backward();
        Tensor[] apart = Taken(network);
        (network.call(first).square().sum() + network.call(second).square().sum()).backward();
        AssertClose(apart, Taken(network));

        // One use behind another: the readout of the first makes the data of the second.
        network.call(network.call(first).reshape(2, 1, 1, 2).expand(2, 1, 6, 2).repeat(1, 1, 1, 3)).square().sum().backward();
        Assert.All(Taken(network), gradient => Assert.True(gradient.isfinite().all().ToBoolean()));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void It_reaches_the_data_alone_when_every_weight_is_frozen(string mode)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Small(mode);
        Tensor data = Data(2).requires_grad_();
        network.call(data).square().sum().backward();
        Tensor expected = data.grad!.clone();
        data.grad!.zero_();
        foreach (Tensor parameter in network.parameters())
        {
            parameter.requires_grad_(false);
        }

        network.call(data).square().sum().backward();
        AssertClose([expected], [data.grad!]);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Some_weights_may_be_frozen(string mode)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Small(mode);
        Tensor data = Data(2);
        Tensor[] all = Gradients(network, data);
        Tensor[] parameters = [.. network.parameters()];
        foreach ((int index, Tensor parameter) in parameters.Index())
        {
            parameter.requires_grad_(index % 2 == 0);
        }

        network.zero_grad();
        network.call(data).square().sum().backward();
        AssertClose([.. all.Where((_, index) => index % 2 == 0)], [.. parameters.Where((_, index) => index % 2 == 0).Select(parameter => parameter.grad!)]);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_sample_alone_sends_back_what_it_sends_in_a_batch(string mode)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Small(mode);
        Tensor data = Data(4).requires_grad_();
        network.call(data).square().sum().backward();
        Tensor together = data.grad!.clone();
        data.grad!.zero_();
        for (int sample = 0; sample < 4; sample++)
        {
            network.call(data.narrow(0, sample, 1)).square().sum().backward();
        }

        AssertClose([together], [data.grad!], 1e-9);
    }

    [Fact]
    public void The_report_is_readable_after_the_backward_pass_and_not_before()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Small("implicit");
        using ImplicitResult result = network.Run(Data(3));
        Assert.Equal(0, result.Gradient.Passes);
        result.Output.sum().backward();
        Assert.Equal(1, result.Gradient.Passes);
        Assert.Equal(3, result.Gradient.Samples.Count);
        Assert.True(result.Gradient.AllConverged);
        Assert.True(result.Gradient.Products >= 3 * result.Gradient.Samples.Min(sample => sample.Products));
    }

    [Fact]
    public void An_adjoint_solve_that_runs_out_of_products_says_so()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Small("implicit");
        network.Gradient = new ImplicitGradient { Solver = new GmresSolver { MaxProducts = 2 }, RelativeTolerance = 1e-12 };
        using ImplicitResult result = network.Run(Data(3));
        result.Output.sum().backward();
        Assert.False(result.Gradient.AllConverged);
        Assert.All(result.Gradient.Samples, sample => Assert.Equal(LinearStatus.MaxProductsReached, sample.Status));
    }

    [Fact]
    public void A_latent_in_channels_last_memory_gives_the_same_gradient()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitNetwork network = Small("implicit");
        Tensor data = Data(3);
        Tensor q = network.Encoder.call(data).detach();
        using ImplicitLayer layer = network.Layer;
        Tensor first = Through(q.contiguous());
        Tensor last = Through(q.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2));
        AssertClose([first], [last]);

        Tensor Through(Tensor input)
        {
            Tensor leaf = input.detach().requires_grad_();
            layer.call(leaf).square().sum().backward();
            return leaf.grad!;
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Many_steps_of_training_leave_nothing_behind(string mode)
    {
        int count = int.TryParse(Environment.GetEnvironmentVariable("IMPLICITNET_STEPS"), out int steps) ? steps : 200;
        random.manual_seed(32);
        Tensor[] parameters = [randn(8, 8).mul_(0.1), randn(8, 512)];
        Array.ForEach(parameters, parameter => parameter.requires_grad_());
        FixedPointSolver solver = mode == "inverse reuse" ? new BroydenSolver { KeepInverse = true } : new PicardSolver();
        Run(50);
        long live = Live;
        long resident = Resident();
        Run(count);
        Assert.Equal(live, Live);

        // A latent is 16 kB: one kept a step would be 3 MB or 16, its graph several times that.
        long grown = Resident() - resident;
        Assert.True(grown < 12_000_000, $"{grown} bytes more");
        Array.ForEach(parameters, parameter => parameter.Dispose());

        void Run(int steps)
        {
            for (int step = 0; step < steps; step++)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor q = parameters[1] * 1;
                using PerSampleMap map = new(
                    (u, inputs) => (u.mm(inputs.Shared[0]) + inputs.PerSample[0]).tanh(),
                    new MapInputs { PerSample = [q.t()], Shared = [parameters[0].alias()], Parameters = [] });
                using FixedPointSolution solution = FixedPoint.Solve(map, zeros(512, 8), solver, new StoppingRule { RelativeTolerance = 1e-3 });
                GradientCases.Get(mode).Attach(map, solution).square().mean().backward();
                Array.ForEach(parameters, parameter => parameter.grad!.zero_());
            }
        }
    }

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    private static ImplicitNetwork Small(string mode)
    {
        const ScalarType dtype = ScalarType.Float64;
        random.manual_seed(31);
        return new ImplicitNetwork(
            nn.Sequential(("conv", nn.Conv2d(1, 3, 3, padding: 1, dtype: dtype))),
            new ContractionOperator(new BoundedConvolution(3, 3, 3, (6, 6), dtype), 0.7),
            nn.Sequential(("flatten", nn.Flatten()), ("linear", nn.Linear(3 * 36, 2, dtype: dtype))))
        {
            Stopping = new StoppingRule { RelativeTolerance = 1e-12, MaxSteps = 500 },
            Solver = mode == "inverse reuse" ? new BroydenSolver { KeepInverse = true, Memory = 60 } : new AndersonSolver(),
            Gradient = GradientCases.Get(mode),
        };
    }

    private static Tensor Data(int batch) => randn([batch, 1, 6, 6], ScalarType.Float64);

    private static Tensor[] Gradients(nn.Module<Tensor, Tensor> network, Tensor data)
    {
        network.call(data).square().sum().backward();
        return Taken(network);
    }

    private static Tensor[] Taken(nn.Module network)
    {
        Tensor[] taken = [.. network.parameters().Select(parameter => parameter.grad!.clone())];
        network.zero_grad();
        return taken;
    }

    private static void AssertClose(Tensor[] expected, Tensor[] found, double tolerance = 1e-10)
    {
        double scale = expected.Max(tensor => tensor.abs().max().ToDouble());
        Assert.All(expected.Zip(found), pair => Assert.True((pair.First - pair.Second).abs().max().ToDouble() <= tolerance * scale));
    }
}

#:project ../src/ImplicitNet/ImplicitNet.csproj

// An implicit layer inside a TorchSharp model of your own, on vectors: two interleaved spirals, told apart.
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

random.manual_seed(1);
using SpiralModel model = new();
using optim.Optimizer optimizer = optim.Adam(model.parameters(), 1e-2);
(Tensor points, Tensor labels) = Spirals(400);
for (int step = 1; step <= 300; step++)
{
    using DisposeScope scope = NewDisposeScope();
    optimizer.zero_grad();
    Tensor logits = model.call(points);
    Tensor loss = nn.functional.cross_entropy(logits, labels);
    loss.backward();
    optimizer.step();
    if (step % 100 == 0)
    {
        double accuracy = logits.argmax(1).eq(labels).to(ScalarType.Float64).mean().ToDouble();
        Console.WriteLine($"step {step}: loss {loss.ToDouble():0.000}, accuracy {accuracy:P1}. {model.Report}");
    }
}

static (Tensor Points, Tensor Labels) Spirals(int count)
{
    Tensor labels = arange(count, ScalarType.Int64) % 2;
    Tensor radius = rand(count);
    Tensor angle = (radius * 8) + (labels * Math.PI);
    return (stack([radius * angle.cos(), radius * angle.sin()], 1) + (randn(count, 2) * 0.01), labels);
}

// Any model: the implicit layer is one module among others. It takes q and returns u* = R(u*, q).
internal sealed class SpiralModel : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> encoder = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64));
    private readonly ImplicitLayer latent = new(new ContractionOperator(new BoundedLinear(64, 64), gamma: 0.8, LatentActivation.Tanh));
    private readonly nn.Module<Tensor, Tensor> readout = nn.Linear(64, 2);

    public SpiralModel()
        : base(nameof(SpiralModel)) => RegisterComponents();

    /// How the last call's samples were solved. Where you need no report, latent.call(q) is enough.
    public SolveReport? Report { get; private set; }

    public override Tensor forward(Tensor points)
    {
        using ImplicitResult solved = latent.Run(encoder.call(points));
        Report = solved.Report;
        return readout.call(solved.Output);
    }
}

#:project ../src/ImplicitNet/ImplicitNet.csproj

// Two latents that depend on each other, a fine image and a coarse one: the coarse sees far, the fine sees sharply. One solve finds both.
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

random.manual_seed(1);
using TwoScales model = new();
using optim.Optimizer optimizer = optim.Adam(model.parameters(), 1e-2);
for (int step = 1; step <= 60; step++)
{
    using DisposeScope scope = NewDisposeScope();
    (Tensor images, Tensor labels) = Gratings(32);
    optimizer.zero_grad();
    Tensor answers = model.call(images);
    nn.functional.cross_entropy(answers, labels).backward();
    optimizer.step();
    if (step % 20 == 0)
    {
        Console.WriteLine($"step {step}: {answers.argmax(1).eq(labels).sum().item<long>()} of 32 right. {model.Report}");
    }
}

// Waves across or along, in noise.
static (Tensor Images, Tensor Labels) Gratings(int count)
{
    Tensor labels = randint(2, count, int64);
    Tensor wave = ((arange(16) * 0.8) + (rand(count, 1) * 6.3)).sin().unsqueeze(1);
    Tensor across = wave.unsqueeze(3).expand(count, 1, 16, 16), along = wave.unsqueeze(2).expand(count, 1, 16, 16);
    return (where(labels.reshape(count, 1, 1, 1).eq(1), across, along) + randn(count, 1, 16, 16), labels);
}

internal sealed class TwoScales : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> encoder = nn.Conv2d(1, 8, 3, padding: 1);
    private readonly BoundedConvolution fine = new(8, 8), coarse = new(8, 8);
    private readonly nn.Module<Tensor, Tensor> readout = nn.Linear(16, 2);

    public TwoScales()
        : base(nameof(TwoScales)) => RegisterComponents();

    public SolveReport? Report { get; private set; }

    public override Tensor forward(Tensor images)
    {
        // Up and Down have norm 1, and each latent hears half from itself, half from the other: both together contract by 0.9.
        Tensor q = encoder.call(images);
        (Tensor x, Tensor z) = Implicit.Solve(
            (x, z) => ((q + (0.45 * (fine.call(x) + Up(z)))).relu(), (0.45 * (coarse.call(z) + Down(x))).relu()),
            (zeros_like(q), Down(zeros_like(q))), null, out SolveReport report);
        Report = report;
        return readout.call(cat([x.mean([2, 3]), z.amax([2, 3])], 1));
    }

    private static Tensor Up(Tensor z) => nn.functional.interpolate(z, scale_factor: [2, 2]) / 2;
    private static Tensor Down(Tensor x) => nn.functional.avg_pool2d(x, 2) * 2;
}

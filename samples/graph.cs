#:project ../src/ImplicitNet/ImplicitNet.csproj

// A graph: 200 people in two clubs, friends mostly within theirs. Four noisy facts are known about each, and the clubs of 12. A person's
// latent depends on the friends' latents, so all are one system, a coupled map, with one residual and one status.
using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

random.manual_seed(1);
const int Known = 12;
Tensor club = arange(200) % 2;
Tensor facts = randn(200, 4) + (0.8 * (club.unsqueeze(1) - 0.5));
Tensor friends = (rand(200, 200) < where(club.unsqueeze(0).eq(club.unsqueeze(1)), 0.06, 0.006)).to(ScalarType.Float32).triu(1);
friends = friends + friends.t() + eye(200);
Tensor graph = friends / friends.sum(1).outer(friends.sum(1)).sqrt(); // of norm 1
using ImplicitNetwork network = new(nn.Linear(4, 16, hasBias: false), new GraphOperator(graph, 16, gamma: 0.95), nn.Linear(16, 2));
network.Gradient = new NeumannGradient { Terms = 10 }; // so near to gamma 1 JFB is not enough, says its certificate
using var optimizer = optim.Adam(network.parameters(), 1e-2);
for (int step = 0; step < 60; step++)
{
    using var scope = NewDisposeScope();
    optimizer.zero_grad();
    Losses().mean().backward();
    optimizer.step();
}

Tensor alone = network.Readout.call(network.Encoder.call(facts));
Console.WriteLine($"Club of the others found: {Right(network.call(facts)):P0}; by the facts about each alone: {Right(alone):P0}.");
Console.WriteLine(new GradientCertifier().Certify(network, Losses));
Tensor Losses() => nn.functional.cross_entropy(network.call(facts)[..Known], club[..Known], reduction: nn.Reduction.None);
double Right(Tensor answers) => answers.argmax(1).eq(club)[Known..].to(ScalarType.Float64).mean().item<double>();

/// <summary>R(U, Q) = tanh(gamma A U W / ||W|| + (1 - gamma) Q), all nodes at once.</summary>
internal sealed class GraphOperator : LatentOperator, IContraction
{
    private readonly Tensor graph;
    private readonly BoundedLinear layer;

    public GraphOperator(Tensor graph, long width, double gamma)
        : base(nameof(GraphOperator))
    {
        (this.graph, layer, DeclaredFactor) = (graph, new BoundedLinear(width, width), gamma);
        nn.init.eye_(layer.Weight); // begins as plain averaging
        RegisterComponents();
    }

    public double DeclaredFactor { get; }
    public double CertifyFactor() => DeclaredFactor * layer.CertifyNorm();
    public override Tensor StartingLatent(Tensor q) => zeros_like(q);
    public override FixedPointMap Bind(Tensor q)
    {
        Tensor weight = DeclaredFactor * layer.NormalizedWeight(), own = (1 - DeclaredFactor) * q; // once a solve, and freed with the map
        return new CoupledMap(
            (u, given) => (graph.mm(layer.Apply(u, given.Shared[0])) + given.PerSample[0]).tanh(),
            new MapInputs { PerSample = [own], Shared = [weight], Parameters = [], Owned = [weight, own] });
    }
}

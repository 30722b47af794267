/**
 * Every `source_type` the serializer accepts, case-sensitive, in upstream's order (fact sheet: external-data-sources,
 * appendix A). Being here does not mean that anything can be connected.
 */
export const SOURCE_TYPES: readonly string[] = `
  Ashby Supabase CustomerIO Github Stripe Hubspot Postgres Zendesk Snowflake Salesforce MySQL MongoDB MSSQL Vitally
  BigQuery Chargebee Clerk GoogleAds GoogleSearchConsole TemporalIO DoIt GoogleSheets MetaAds Klaviyo Mailchimp Braze
  Mailjet Redshift Polar RevenueCat LinkedinAds RedditAds TikTokAds BingAds Shopify Attio SnapchatAds Linear Intercom
  Amplitude Mixpanel Jira ActiveCampaign Marketo Adjust AppsFlyer Freshdesk GoogleAnalytics Pipedrive SendGrid Slack
  PagerDuty Asana Notion Airtable Greenhouse BambooHR Lever GitLab Datadog Sentry Pendo FullStory AmazonAds
  PinterestAds AppleSearchAds QuickBooks Xero NetSuite WooCommerce BigCommerce PayPal Square Zoom Trello Monday
  ClickUp Confluence Recurly SalesLoft Outreach Gong Calendly Typeform Iterable ZohoCRM Close Oracle DynamoDB
  Elasticsearch Kafka LaunchDarkly Braintree Recharge HelpScout Gorgias Instagram YouTubeAnalytics FacebookPages
  TwitterAds Workday ServiceNow Pardot Copper Front ChartMogul Zuora Paddle CircleCI CockroachDB Firebase AzureBlob
  GoogleDrive OneDrive SharePoint Box SFTP MicrosoftTeams Aircall Webflow Okta Auth0 Productboard Smartsheet Wrike
  Plaid SurveyMonkey Eventbrite RingCentral Twilio Freshsales Shortcut ConvertKit Drip CampaignMonitor MailerLite
  Omnisend Brevo Postmark Granola BuildBetter Convex ClickHouse Plain Resend PgAnalyze WorkOS AmazonS3
  GoogleCloudStorage Databricks Dynamics365 SalesforceMarketingCloud Db2 Heap AdobeAnalytics Matomo Optimizely Adyen
  GoCardless Mollie CheckoutCom Branch Criteo Outbrain Taboola AdRoll DisplayVideo360 GoogleAdManager
  CampaignManager360 SearchAds360 AdobeCommerce AmazonSellingPartner Ebay Commercetools LightspeedRetail Shipmail
  ShipStation ConstantContact Mailgun Eloqua Sailthru Ortto Attentive Kustomer Dixa Gladly Qualtrics AzureDevOps
  RoktAds Rollbar Opsgenie IncidentIo Pingdom Cloudflare CosmosDB PlanetScaleMySQL PlanetScalePostgres SapHana
  Rippling HiBob Personio Deel AdpWorkforceNow Paylocity Gusto CultureAmp Lattice SageIntacct FreshBooks Expensify
  Ramp Brex Coupa SapConcur Apollo Crunchbase ZoomInfo Clari Chorus Coda Guru Dropbox Docusign PandaDoc SapErp
  SapSuccessFactors OracleEbs OracleFusion AmazonSNS AmazonEventBridge AmazonSQS AmazonKinesis AmazonCloudWatch
  OpenAIAds OneHundredMs SevenShifts AcuityScheduling AgileCRM Aha Airbyte Akeneo Algolia AlpacaBrokerAPI ApifyDataset
  Appcues Appfigures Appfollow Apptivo AssemblyAI Awin AwsCloudTrail AzureTableStorage Babelforce Basecamp Beamer
  BigMailer Bluetally BoldSign BreezyHR Bugsnag Buildkite Bunny Buzzsprout CalCom CallRail Campayn Canny CapsuleCRM
  CaptainData CartCom CastorEDC Chameleon Chargedesk Chargify Chift Churnkey Cin7 CiscoMeraki Clazar Clockify Clockodo
  Cloudbeds Coassemble Codefresh Concord ConfigCat Couchbase Curve Customerly Datascope Dbt Demodesk Deputy DevinAI
  Docuseal Dolibarr Dremio DropboxSign Dwolla EConomic Easypost Easypromos Elasticemail EmailOctopus EmploymentHero
  Encharge Eventee Eventzilla Everhour EZOfficeInventory Factorial Fastbill Fastly Fauna Feishu Fillout Finage
  Firebolt FireHydrant Fleetio Flexmail Flexport FloatApp Flowlu Formbricks Framer FreeAgent Freightview Freshcaller
  Freshchat Freshservice Fulcrum GainsightCs GainsightPx GitBook Glassfrog Goldcast GoLogin Grafana GreytHr Gridly
  Harness Height Hellobaton HighLevel HoorayHR Hubplanner Humanitix Huntr Inflowinventory InforNexus Insightful
  Insightly Instantly Instatus Intruder Invoiced Invoiceninja JamfPro JobNimbus Jotform JudgeMeReviews JustCall
  JustSift K6Cloud Katana Keka Kisi Kissmetrics Klarna Klaus Lago Leadfeeder Lemlist LessAnnoyingCRM LinkedinPages
  Linkrunner Linnworks Lob Lokalise Looker Luma MailerSend Mailosaur Mailtrap Mantle Mention MercadoAds Merge Metabase
  Metricool MicrosoftDataverse MicrosoftEntraId MicrosoftLists Miro Missive MixMax Mode Mux MyHours N8n Navan NebiusAI
  Nexiopay NinjaOneRMM NoCRM NorthpassLMS Nutshell Nylas Oncehub Onepagecrm OneSignal Onfleet OpinionStage OPUSWatch
  Orb Orbit Oura Oveit PabblySubscriptionsBilling Paperform Papersign Partnerize PartnerStack PayFit Paystack
  Pennylane Perk PersistIq Persona Phyllo Picqer Pipeliner PivotalTracker Piwik Planhat Plausible Poplar PrestaShop
  Pretix Primetric Printavo Printify Productive Pylon Qonto Qualaroo Railz RDStationMarketing Recruitee Reddit
  ReferralHero RentCast Repairshopr ReplyIo RetailExpress Retently RevolutMerchant RocketChat Rocketlane Rootly Ruddr
  SafetyCulture SageHR Salesflare SAPFieldglass SavvyCal Secoda Segment Sendowl SendPulse Senseforce Serpstat
  Sharetribe Shippo ShopWired Shortio Shutterstock SigmaComputing SignNow SimpleCast Simplesat Smaily SmartEngage
  Smartreach Smartwaiver SolarwindsServiceDesk SonarCloud SparkPost SplitIo SpotifyAds SpotlerCRM Squarespace Statsig
  Statuspage Stigg Strava SurveySparrow Survicate Svix Systeme Tavus Teamtailor Teamwork Tempo Testrail Thinkific
  ThinkificCourses ThriveLearning Ticketmaster TicketTailor TickTick Timely Tinyemail Todoist Toggl TrackPMS
  Tremendous TrustPilot Twitter TyntecSMS Unleash UpPromote Uptick Uservoice Vantage Veeqo Vercel VismaEconomic VWO
  Waiteraid Wasabi WhenIWork Wordpress Workable Workflowmax Workramp Wufoo Xsolla YandexMetrica Yotpo Ynab Younium
  YouSign YoutubeData ZapierSupportedStorage ZapSign ZendeskSell ZendeskSunshine Zenefits Zenloop ZohoAnalytics
  ZohoBigin ZohoBilling ZohoBooks ZohoCampaign ZohoDesk ZohoExpense ZohoInventory ZohoInvoice ZonkaFeedback
  AlphaVantage Aviationstack Bitly Blogger Breezometer CareQualityCommission Cimis CoinApi CoinGecko CoinMarketCap
  DingConnect Dockerhub ExchangeRatesApi FinancialModelling Finnhub Finnworlds Giphy Gmail GNews GoogleCalendar
  GoogleClassroom GoogleDirectory GoogleForms GooglePageSpeedInsights GoogleTasks GoogleWebfonts
  GoogleWorkspaceAdminReports HuggingFace IlluminaBasespace Imagga Interzoid IP2Whois KYVE Marketstack Mendeley Nasa
  NewYorkTimes NewsApi NewsData OpenDataDc OpenExchangeRates OpenAQ OpenFDA OpenWeather Outlook Perigon Pexels Pocket
  Polygon PyPI Recreation RKICovid Rss SimFin StockData Guardian TMDb TVMaze TwelveData Ubidots USCensus Watchmode
  WikipediaPageviews YahooFinance Clarifai Adapty Braintrust StreamElements Streamlabs Datorama Ahrefs Lightfield
  Appstack Razorpay Neon NewRelic Custom Tile38 Chatwoot Sanity Metronome Jobber Knock Leexi RB2B Superwall Liana
  TawkTo Hightouch LemonSqueezy Ikas Talkwalker NextdoorAds AppLovin Baserow Plunk Dub AirOps Podium Loops Redis
  Mercury Gojiberry Teachable PeecAI Healthchecks Impact AikidoSecurity Alguna Anthropic Appwrite BlandAI BrowseAI
  BrowserUse ChartHop Cody Cursor Decagon Deepgram ElevenLabs Harvey Hyperspell Langfuse LingoDev M3ter Maxio Metorial
  OpenRouter TogetherAI Vapi Vespa Writesonic Aiven Aviator Backblaze Baseten Browserbase Cohere DenoDeploy
  DigitalOcean E2B Fintoc Firecrawl FireworksAI FlyIo Groq GrowthBook Gumloop Hatchet Helicone Heroku Hetzner HeyGen
  Infisical Inngest KapaAI Kernel Koyeb LambdaLabs LangSmith Linode LlamaCloud Mem0 Metriport Mintlify MistralAI Mono
  Netlify Northflank OpenAI Pinecone PlatformSh PromptingCompany Qdrant Render Replicate RetellAI Roark RunPod ScaleAI
  Scaleway SigNoz Sim Skyvern Slash Synthesia Telli TerraApi TriggerDev Turso Singular Swonkie TwelveLabs Twenty
  Unstructured Upstash Vellum Vultr Windmill Zep Hex Sumsub GoogleChat Kickscale Zellify RudderStack DodoPayments
  Salestrics Doppler Usersnap Asknicely Featurebase Frill Bettermode Dynatrace Honeycomb SumoLogic LogzIO Coralogix
  BetterStack Raygun Honeybadger Airbrake Appsignal Appdynamics Instana SplunkObservabilityCloud Uptimerobot
  Statuscake Tailscale Flagsmith Xmatters Squadcast Zenduty Cronitor Jenkins Bitbucket Gitea Teamcity TravisCI
  Semaphore CircleciInsights OctopusDeploy Sourcegraph Bitrise Gerrit TerraformCloud PulumiCloud Spacelift Railway
  Argocd PrefectCloud DagsterCloud Env0 Kubecost Snyk Semgrep Veracode Checkmarx Gitguardian QualysVmdr
  Rapid7Insightvm TenableVulnerabilityManagement Sentinelone Lacework OrcaSecurity Drata Secureframe CiscoDuo
  Jumpcloud OnePassword Stytch Sonarqube Codecov Coveralls Codacy Deepsource Linearb Jellyfish Swarmia Packagist Nuget
  CratesIO SonatypeNexus JfrogArtifactory Snowplow WeightsAndBiases MonteCarlo Metaplane Datahub ClickhouseCloud
  ConfluentCloud KongKonnect Kandji Automox Autumn GetStream Octolens Kajabi Shopware Dubsado Campfire PromptWatch
  Crisp Kommo Axiom Plivo DataForSEO Sleekplan AbTasty Ably AbnormalSecurity Acast Acculynx Actionstep Aftership
  AhaIdeas AkamaiReporting Alation Alegra Allegro AnodotCost Anomalo Apaleo Apitally AppStoreConnect Appdirect
  Appfolio Arxiv Asaas Astronomer Athenahealth Atlan AutodeskConstructionCloud Avalara AwsAthena AwsBatch AwsBudgets
  AwsCloudformation AwsComputeOptimizer AwsConfig AwsConnect AwsCostAndUsageReport AwsCostAnomalyDetection
  AwsCostExplorer AwsGlueDataCatalog AwsGuardduty AwsHealth AwsIamAccessAnalyzer AwsInspector AwsMacie
  AwsOrganizations AwsRdsPerformanceInsights AwsSagemaker AwsSavingsPlans AwsSecurityHub AwsSes AwsStepFunctions
  AwsSupport AwsSystemsManager AwsTrustedAdvisor AwsWaf AwsXray AzureActivityLog AzureAdvisor AzureApiManagement
  AzureApplicationInsights AzureCostManagement AzureDataExplorer AzureDataFactory AzureLogAnalytics AzureMonitorAlerts
  AzureMonitorMetrics AzureOpenaiUsage AzurePolicyInsights AzureReservations AzureResourceGraph AzureResourceHealth
  AzureServiceHealth AzureSynapse BackMarket Beehiiv Bigeye BillCom Billomat BingWebmasterTools Bitwarden
  BlackbaudRaisersEdgeNxt BlackboardLearn Bling Bloomerang Bluesky BolRetailer Boulevard Buffer Bugherd Buildium
  Buttondown BuyMeACoffee Calendarific Calibre CanvasLms Captivate Cashfree CastAi Catchpoint CdcOpenData Census
  Checkly CircleSo Classy Cleartax Clever Clevertap Cliniko Clio Clip Cloudability Cloudsmith Cloudzero Clover
  Codemagic Codescene Collibra Companycam Conekta ContaAzul Contentsquare Cortex Courier Crossref CrowdstrikeFalcon
  CubeCloud D2lBrightspace Dayforce Debugbear Descope Develocity Dialpad Discord Discourse Donorbox Doorloop Dovetail
  Dragonboat Drchrono Dynamics365BusinessCentral EcbDataPortal Emarsys Embrace Entsoe Eppo Etsy Eurostat Faire FarosAi
  Fieldpulse Fieldwire Filevine Finout Five9 FlexeraCloudCost Flutterwave Fortnox Fourthwall Fred Frontegg FusionAuth
  G2 Gcore GcpApigee GcpArtifactRegistry GcpBigtable GcpChronicle GcpCloudAssetInventory GcpCloudBilling GcpCloudBuild
  GcpCloudDeploy GcpCloudDns GcpCloudFunctions GcpCloudLogging GcpCloudMonitoring GcpCloudRun GcpCloudSpanner
  GcpCloudSql GcpCloudTrace GcpCloudWorkflows GcpComputeEngine GcpContainerAnalysis GcpDataflow GcpDataplex
  GcpDataproc GcpErrorReporting GcpGke GcpPubsub GcpRecaptchaEnterprise GcpRecommender GcpSecurityCommandCenter Gdelt
  GenesysCloud Getdx Ghost Givebutter Gleif GooglePlayConsole Guesty Gumroad HarnessCcm HarnessSei Harvest Healthie
  Hitpay Hivebrite Holded Hostaway HousecallPro Humanitec ImfData Imperva InfluxdbCloud Iyzico Jobtread Kameleoon
  KauflandMarketplace Kestra Kick Kinde Kion Knowbe4 Komodor Labelbox Lawmatics Learnworlds LexwareOffice Lightdash
  Lodgify Logicmonitor Logrocket LoopReturns Mastodon Meetup Memberful MercadoPago Meteostat Mews Mezmo
  Microsoft365UsageReports MicrosoftAdvertising MicrosoftClarity MicrosoftDefenderCloudApps MicrosoftDefenderEndpoint
  MicrosoftDefenderForCloud MicrosoftIntune MicrosoftPurview MicrosoftPurviewAudit MicrosoftSentinel
  MicrosoftTeamsCallRecords Midtrans MightyNetworks Mindbody Mirakl Moesif Moneybird Moodle Motherduck Mycase
  NagerDate NeonCrm Nexhealth NoaaCdo Nobl9 Nolt Nops NpmRegistry Oecd Okendo Omni Onelogin OpenDental OpenMeteo
  Openalex Opencorporates Openfec OpnPayments Opslevel OttoMarket Ownerrez Pagbank Patreon Pax8 Paychex Paymob
  Paymongo Phonepe Pike13 Pingone PinterestOrganic PlanningCenter PluralsightFlow Podbean Postscript PowerBiAdmin
  Practicepanther Preset Procore Productiv ProofpointTap Propertyware Pubnub Quay Raken RedpandaCloud RentManager
  Reverb RocketMatter Rubygems Scalr SecEdgar SelectStar SemanticScholar Semrush ServiceFusion Servicem8 Servicetitan
  Servicetrade Sevdesk Similarweb Simpro Sinch Singlestore Site24x7 Sleuth Smartlook Smartrecruiters Smokeball
  SodaCloud Speedcurve SpotIo Sprig Sprinklr SproutSocial StackOverflowForTeams Stockx TackleIo Talkdesk TeamupFitness
  Tebra Telnyx Ternary Thoughtspot Thousandeyes Threads TiktokShop TinyErp Tinybird Tipalti Toast Torii Transistor
  TrunkIo Trustradius Twitch TwoC2p UkCompaniesHouse UkOns UnComtrade UsBea UsBls UsEia UsTreasuryFiscalData Vanta
  Vendr Virtuous Vonage WalmartMarketplace Waydev Wayfair WhatsappBusinessManagement WhoGho Whop Wiz Wompi Workiz
  WorldBank Xendit Yoco ZalandoZdirect Zluri Zylo Tally Nuntly Vturb Meltwater UserCom Latitude Workato SideShift
  DuckLake Starburst Trino Easybill Bexio Umami Manychat Kickstarter Typesense FirstPromoter Zero Inth BCMS Convonite
  Hookdeck Billit Moxie TripleWhale Directus Clay TradableBits Swan Hyros Odoo Airbridge Snovio GoogleMerchantCenter
  Raisely RakutenAdvertising Zitadel DeelFlows WindsorAi Wix Sevalla Motion ImpactPartner Cloudinary Uploadcare WHMCS
  MSG91 Depot Schematic Dokploy Hootsuite WisprFlow SamCart IronSourceAds MicrosoftExcel Profound Airwallex Polymarket
  Kalshi Capterra GooglePostmasterTools Growi Clarify DatoCMS WPSOffice TeraBox SimonData CommissionJunction
  Liveblocks NationBuilder Tana Zenchef Lovable Anvil Coolify SocialPilot Strato Medusa Membrain RecallAI Tenjin Folk
  Cybersource GoogleAdSense Sequenzy Skio Smartlead Substack ElectricityMaps Amplemarket Quo HeyReach MoEngage Monaco
  Oneleet Expo PostNord Commslayer Sprinto Gem AudioGO ExactOnline LettrLabs GrafanaIRM Tessitura ChargebackStop
  Chargeflow Dreamdata GoogleBusinessProfile Ledyer Supermetrics
`
  .trim()
  .split(/\s+/)
